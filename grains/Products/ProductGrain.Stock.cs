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
            async () => await AnswerBeforeAsync(idempotency) ?? await AdjustAsync(delta, idempotency));
    }

    public async Task<Result<long>> SetStock(long userId, long stock)
    {
        if (await RefuseUnlessSellerAsync(userId) is { } refusal) return refusal;
        return await InTurnAsync(async () =>
        {
            // What is sold while it waits for its turn is not there to be taken away: it is counted again.
            while (true)
            {
                var adjusted = await AdjustAsync(stock - _stock.OnHand, idempotency: null);
                if (adjusted.Refusal is not { Code: ErrorCodes.NotEnoughStock }) return adjusted;
            }
        });
    }

    private async Task<Result<long>> AdjustAsync(long delta, Idempotency? idempotency)
    {
        var taken = Math.Max(0, -delta);
        await StockSettledAsync(taken);
        if (_stock.OnHand + delta > MostStock) return Result.BadField("delta", $"must not bring the stock beyond {MostStock}");
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
