namespace Mall.Orders;

/// <summary>
/// The branches of an order's end without a payment: 01 closes it (with the intent, in one commit), the others give the stock of
/// its items back. An order that is closed stays closed, so this saga only goes forward.
/// </summary>
public sealed class OrderClosingKind(GrainLedger ledger, LedgerClock clock)
    : SagaKind<OrderView>("closing", OrderJson.Default.OrderView)
{
    private const string Closing = "01";

    public override bool OnlyForward => true;

    /// <summary>One for each order: whoever closes it meets the same saga.</summary>
    public static string GidOf(long orderId) => $"close-{orderId}";

    public override ISagaGrain Grain(IGrainFactory grains, string gid) => grains.GetGrain<IOrderClosingSagaGrain>(gid);

    public override IReadOnlyList<SagaBranch> Plan(IGrainFactory grains, string gid, OrderView intent) =>
    [
        new SagaBranch(
            Closing,
            $"order/{intent.Id} Close",
            Action: async () => await ledger.CommitAsync(Close(gid, intent, clock.GetUtcNow())) is CommitOutcome.Duplicate
                ? null
                : throw new UnreachableException($"Order {intent.Id} was closed without being closed."),
            Compensation: _ => throw new UnreachableException("A closed order stays closed.")),
        .. StockReturns.Branches(grains, gid, intent.Items, firstBranch: 2, after: Closing),
    ];

    public override WriteSet Opening(SagaRecord saga, OrderView intent, DateTimeOffset now) => Close(saga.Gid, intent, now);

    public override async ValueTask<RowChange[]> BeginningAsync(string gid, OrderView intent, DateTimeOffset now) =>
    [
        await ledger.OrderEventAsync(
            EventTypes.OrderClosed, new OrderEvent(intent.Id, intent.Gid, intent.UserId, intent.Amount), now),
    ];

    private static WriteSet Close(string gid, OrderView order, DateTimeOffset now) =>
        new(new Branch(gid, Closing).Action(), OrderRows.Close(order.Id, now));
}

/// <summary>Closes one order; see <see cref="OrderClosingKind"/>.</summary>
[HashBasedPlacement, GrainDirectory(KeyPlacement.Directory)]
public sealed class OrderClosingSagaGrain(OrderClosingKind kind, SagaServices services)
    : SagaGrain<OrderView>(kind, services), IOrderClosingSagaGrain
{
    private readonly SagaServices _services = services;

    public async Task<Result<OrderView>> Close(OrderView order)
    {
        var begun = await Begin(order);
        if (begun.IsRefused) return begun;
        return await EndAsync() is { } refusal ? refusal : begun;
    }

    public async Task<Result<OrderView>> Begin(OrderView order)
    {
        var closed = order with { Status = OrderStatus.Closed };
        return order.Status == OrderStatus.Closed
            ? await FindAsync(requestHash: null, () => RecallAsync(closed)) ?? throw new UnreachableException()
            : await BeginAsync(
                requestHash: null, order.UserId, () => Task.FromResult<Result<OrderView>>(closed), () => RecallAsync(closed));
    }

    /// <summary>Of an order that cannot be closed now: it has been, and the saga is cleaned up, or it went another way.</summary>
    private async Task<SagaRemains<OrderView>?> RecallAsync(OrderView closed)
    {
        if (await _services.Ledger.FindAsync(OrderRows.StatusOf, closed.Id) is not { } status) return null;
        return new SagaRemains<OrderView>(
            closed, IsSameRequest: true, status == OrderStatus.Closed ? null : OrderRows.NotFrom(closed.Id, status));
    }
}
