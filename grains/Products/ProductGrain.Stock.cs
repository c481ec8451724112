using System.Globalization;

namespace Mall.Products;

/// <summary>How a seller moves the stock: by a difference, or to a figure.</summary>
public sealed partial class ProductGrain
{
    public async Task<Result<long>> AdjustStock(long userId, long delta, Idempotency? idempotency)
    {
        if (await AnswerBeforeAsync(idempotency) is { } before) return before;
        if (await RefuseUnlessSellerAsync(userId) is { } refusal) return refusal;
        return await InTurnAsync(
            async () => await AnswerBeforeAsync(idempotency) ?? await AdjustAsync("delta", delta, idempotency));
    }

    public async Task<Result<long>> SetStock(long userId, long stock)
    {
        if (await RefuseUnlessSellerAsync(userId) is { } refusal) return refusal;
        return await InTurnAsync(async () =>
        {
            // What is being sold is not there to be taken away. Whatever else is too much goes at once: then nobody is admitted
            // any more, and what is under way ends.
            while (true)
            {
                var delta = stock - _stock.OnHand;
                var now = Math.Max(delta, -_stock.Available);
                if (now == 0 && delta < 0) await StockSettledAsync(-delta);
                else if (await AdjustAsync("stock", now, null) is var adjusted && (adjusted.IsRefused || now == delta))
                    return adjusted;
            }
        });
    }

    /// <param name="field">What says so, for its refusal.</param>
    private async Task<Result<long>> AdjustAsync(string field, long delta, Idempotency? idempotency)
    {
        var taken = Math.Max(0, -delta);
        await StockSettledAsync(taken);
        if (_stock.OnHandAndSold + delta > ExactNumbers.Max) // What orders hold may come back.
            return Result.BadField(field, $"must not bring what is in stock and what was sold beyond {ExactNumbers.Max}");
        if (_stock.Available < taken)
        {
            await StillOwnerAsync();
            return NotEnough(taken);
        }

        using var moving = _stock.Reserve(taken, coming: Math.Max(0, delta));
        var stock = _stock.OnHand + delta;
        var outcome = await MoveAsync(delta, sold: 0, changes => IdempotencyRows.Under(
            idempotency, "stock", Id, clock.GetUtcNow(), stock.ToString(CultureInfo.InvariantCulture), changes: changes));
        return outcome == CommitOutcome.Applied ? stock : await AnswerBeforeAsync(idempotency) ?? throw Stale();
    }

    // Of two that come under one key, on two products or by way of two activations, the second finds the first's row.
    private Task<Result<long>?> AnswerBeforeAsync(Idempotency? idempotency) =>
        ledger.AnswerUnderAsync(idempotency, used => long.Parse(used.Answer, CultureInfo.InvariantCulture));
}
