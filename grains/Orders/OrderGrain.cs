using Mall.Hosting;

namespace Mall.Orders;

/// <summary>
/// An order that has been placed. It keeps nothing: what an order may still do its row says, and each change of its status
/// demands the one before, so of two that would end an order differently one finds it ended. Reentrant: nothing is carried across
/// an await that is not guarded when it is written.
/// </summary>
[Reentrant, HashBasedPlacement, GrainDirectory(KeyPlacement.Directory)]
public sealed class OrderGrain(GrainLedger ledger, LedgerClock clock, OrderOptions options) : Grain, IOrderGrain
{
    /// <summary>When an order that is due and still being placed is looked at again.</summary>
    private static readonly TimeSpan s_later = TimeSpan.FromSeconds(10);

    private Visits Visits => field ??= new Visits(DeactivateOnIdle);

    private long Id => this.GetPrimaryKeyLong();

    public async Task<Result<OrderView>> Cancel(long userId, Idempotency? idempotency)
    {
        using var visit = Visits.Enter();
        if (await ledger.FindUnderAsync(idempotency) is { Refusal: { } reused }) return reused;
        var found = await FindAsync(userId);
        if (found.IsRefused) return found.Refusal;
        var closed = await CloseAsync(found.Value);
        if (idempotency is null || closed.IsRefused) return closed;

        // A closed order stays closed, and to close it again is harmless: so the key is noted behind it.
        var noted = await ledger.CommitAsync(IdempotencyRows.Under(idempotency, "cancel", Id, clock.GetUtcNow()));
        return noted != CommitOutcome.Applied && await ledger.FindUnderAsync(idempotency) is { Refusal: { } other }
            ? other
            : closed;
    }

    public async Task<Result<Done>> Hide(long userId)
    {
        using var visit = Visits.Enter();
        var found = await FindAsync(userId);
        if (found.IsRefused) return found.Refusal;
        if (found.Value.Order.Status == OrderStatus.Created && await CloseAsync(found.Value) is { Refusal: { } refusal })
            return refusal;
        await ledger.CommitAsync(new WriteSet(OrderRows.Hide(Id)));
        return Done.It;
    }

    public async Task Close()
    {
        using var visit = Visits.Enter();
        if (await PlacedOrder.FindAsync(ledger, Id) is not { Order.Status: OrderStatus.Created } found) return;
        // Due work has few places: it does not wait for the stock, whose product may be slow.
        if (found.Placing is Placing.Ended)
            await GrainFactory.GetGrain<IOrderClosingSagaGrain>(OrderClosingKind.GidOf(Id)).Begin(found.View(options.CloseAfter));
        else await ledger.CommitAsync(new WriteSet(OrderRows.CloseLater(Id, clock.GetUtcNow() + s_later)));
    }

    private async Task<Result<OrderView>> CloseAsync(PlacedOrder found)
    {
        if (found.Order.Status is not (OrderStatus.Created or OrderStatus.Closed))
            return OrderRows.NotFrom(Id, found.Order.Status);
        if (found.WhyNotYet() is { } refusal) return refusal;
        var closing = GrainFactory.GetGrain<IOrderClosingSagaGrain>(OrderClosingKind.GidOf(Id));
        return await closing.Close(found.View(options.CloseAfter));
    }

    private async Task<Result<PlacedOrder>> FindAsync(long userId)
    {
        var found = await PlacedOrder.FindAsync(ledger, Id);
        return OrderRows.WhyNotOf(userId, Id, found?.Order) is { } refusal ? refusal : found!;
    }
}

/// <summary>An order and how far the saga is that places it.</summary>
internal sealed record PlacedOrder(OrderRow Order, ImmutableArray<OrderItem> Items, Placing Placing)
{
    public static async Task<PlacedOrder?> FindAsync(GrainLedger ledger, long id) =>
        await ledger.QueryAsync(OrderRows.PlacedById, id) is [var first, ..] lines
            ? new PlacedOrder(first.Line.Order, [.. lines.Select(line => line.Line.Item)], first.Placing)
            : null;

    public OrderView View(TimeSpan closeAfter) => Order.View(Items, closeAfter);

    /// <summary>Why nothing can become of the order yet; null when it has been placed.</summary>
    /// <exception cref="StaleActivationException">
    /// It will have been in a moment: what becomes of an order is told after it was told that it was placed.
    /// </exception>
    public Refusal? WhyNotYet() => Placing switch
    {
        _ when Order.Status != OrderStatus.Created => null,
        Placing.UnderWay => Result.Refused(ErrorCodes.OrderStatusForbids, $"Order {Order.Id} is still being placed."),
        Placing.Done => throw new StaleActivationException($"The saga of order {Order.Id} is about to end."),
        _ => null,
    };
}
