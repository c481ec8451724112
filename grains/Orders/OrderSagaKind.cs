using System.Globalization;

namespace Mall.Orders;

/// <summary>
/// The branches of an order: 01 creates it (the saga's own grain does, so its row comes with the intent), 02 takes the stock of
/// its first item, and the others take theirs, in parallel, after that. (An order of one item has all their rows from its
/// product's one commit: docs/decisions/0016.)
/// <para>
/// Items stand by product id, so the first is a gate: of several orders for the last pieces of the same products, those that get
/// the first get the others too, and those that do not touch nothing else. All in parallel, two of them could each take the last
/// piece of what the other needs, and both be refused. See docs/decisions/0006.
/// </para>
/// </summary>
public sealed class OrderSagaKind(GrainLedger ledger, LedgerClock clock)
    : SagaKind<OrderView>(KindName, OrderJson.Default.OrderView)
{
    internal const string KindName = "order";
    internal const string Creation = "01";
    private const string FirstItem = "02";

    public override ISagaGrain Grain(IGrainFactory grains, string gid) => grains.GetGrain<IOrderSagaGrain>(gid);

    public override IReadOnlyList<SagaBranch> Plan(IGrainFactory grains, string gid, OrderView intent)
    {
        var plan = new SagaBranch[1 + intent.Items.Length];
        plan[0] = CreateOrder(new Branch(gid, Creation), intent);
        for (var i = 0; i < intent.Items.Length; i++)
        {
            var branch = new Branch(gid, (i + 2).ToString("00", CultureInfo.InvariantCulture));
            var item = intent.Items[i];
            var product = grains.GetGrain<IProductGrain>(item.ProductId);
            plan[i + 1] = TakeStock(product, branch, item, after: i == 0 ? Creation : FirstItem);
        }

        return plan;
    }

    public override WriteSet Opening(SagaRecord saga, OrderView intent, DateTimeOffset now) =>
        Creating(new Branch(saga.Gid, Creation), intent);

    public override WriteSet Undoing(string gid, OrderView intent, Refusal why, DateTimeOffset now) =>
        new(new Branch(gid, Creation).Compensation(), OrderRows.Void(intent.Id, SagaReason.From(why), now));

    public override async ValueTask<RowChange[]> EndingAsync(string gid, OrderView intent, DateTimeOffset now) =>
    [
        await ledger.OrderEventAsync(
            EventTypes.OrderPlaced, new OrderEvent(intent.Id, gid, intent.UserId, intent.Amount, intent.Items), now),
    ];

    // All of it is in the order's own rows, which go with it: it is not written twice.
    internal override string? Write(OrderView intent) => null;

    internal override async ValueTask<OrderView> ReadAsync(SagaRecord saga) =>
        saga.Payload is not null ? await base.ReadAsync(saga) // An older version's.
        : OrderRows.AsPlaced(await ledger.QueryAsync(OrderRows.ByGid, saga.Gid))
            ?? throw new InvalidDataException($"Saga {saga.Gid} has no order.");

    /// <summary>What an order of one item leaves, beside itself and its creation's barrier, when both branches acted.</summary>
    internal async ValueTask<RowChange[]> ActedAsync(OrderView order, DateTimeOffset now) =>
    [
        new Branch(order.Gid, FirstItem).Action().Row(now),
        .. await EndingAsync(order.Gid, order, now),
    ];

    /// <summary>Likewise when the second was refused, for good, and the first undone.</summary>
    internal static RowChange[] Refused(OrderView order, DateTimeOffset now)
    {
        var (creation, item) = (new Branch(order.Gid, Creation), new Branch(order.Gid, FirstItem));
        return
        [
            creation.Compensation().Row(now), item.Compensation().OriginRow(now), item.Compensation().Row(now),
            SagaRows.InsertBranch(order.Gid, Creation, BarrierOps.Action, BranchStatus.Succeed, now),
            SagaRows.InsertBranch(order.Gid, Creation, BarrierOps.Compensate, BranchStatus.Succeed, now),
            SagaRows.InsertBranch(order.Gid, FirstItem, BarrierOps.Action, BranchStatus.Refused, now),
            SagaRows.InsertBranch(order.Gid, FirstItem, BarrierOps.Compensate, BranchStatus.Succeed, now),
        ];
    }

    private static WriteSet Creating(Branch branch, OrderView order) => new(branch.Action(), OrderRows.Insert(order));

    private SagaBranch CreateOrder(Branch branch, OrderView order) => new(
        branch.BranchId,
        $"order/{order.Id} Create",
        Action: async () => await ledger.CommitAsync(Creating(branch, order)) switch
        {
            CommitOutcome.Applied or CommitOutcome.Duplicate => null,
            CommitOutcome.Suspended => branch.AlreadyCompensated(),
            var outcome => throw new UnreachableException($"Inserting order {order.Id} of {branch.Gid} came to {outcome}."),
        },
        Compensation: async why =>
        {
            if (await ledger.CommitAsync(Undoing(branch.Gid, order, why, clock.GetUtcNow())) == CommitOutcome.Conflict)
                throw new StaleActivationException($"Order {order.Id} is no longer in the status in which it can become void.");
        });

    private static SagaBranch TakeStock(IProductGrain grain, Branch branch, OrderItem item, string after) => new(
        branch.BranchId,
        $"product/{item.ProductId} DecrStock",
        Action: async () => (await grain.DecrStock(branch, item.Quantity, item.Price)).Refusal,
        Compensation: _ => grain.ReturnStock(branch, item.Quantity),
        After: after);
}

/// <summary>How an order is written into <c>sagas.payload</c>, where it is the intent of another saga than its own.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(OrderView))]
internal sealed partial class OrderJson : JsonSerializerContext;
