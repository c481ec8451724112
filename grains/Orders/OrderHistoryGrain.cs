namespace Mall.Orders;

/// <summary>Reads committed orders; any number of readers at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class OrderHistoryGrain(GrainLedger ledger, OrderOptions options) : Grain, IOrderHistoryGrain
{
    public async Task<Result<OrderView>> Get(long userId, long orderId)
    {
        var lines = await ledger.QueryAsync(OrderRows.ById, orderId);
        return OrderRows.WhyNotOf(userId, orderId, lines is [var first, ..] ? first.Order : null) is { } refusal
            ? refusal
            : View(lines);
    }

    public async Task<OrderView?> OfSaga(long userId, string gid) =>
        await ledger.QueryAsync(OrderRows.ByGid, gid) is [{ Order.UserId: var owner }, ..] lines && owner == userId
            ? View(lines)
            : null;

    public async Task<ListPage<OrderView>> List(ListOrders query)
    {
        var (page, start) = query.NewestFirst ? (OrderRows.NewestOfUser, ListPlace.End) : (OrderRows.OfUser, ListPlace.Beginning);
        var after = query.After ?? start;
        var settled = query.NewestFirst ? 0 : await ledger.SettledAsync();
        var (least, most) = query.Status is { } status ? (status, status) : (OrderStatus.Created, OrderStatus.Void);

        // One more than asked for tells whether there is a next page.
        var lines = await ledger.QueryAsync(
            page, query.UserId, after.Position, after.Id, settled, query.Limit + 1, least, most);
        return ListPages.Of(
            lines.GroupBy(line => line.Order).ToList(), query.Limit, after, View,
            order => new ListPlace(order.Key.Position, order.Key.Id));
    }

    public async Task<ImmutableArray<int>> Statuses(ImmutableArray<long> orderIds)
    {
        var ids = orderIds.Concat(Enumerable.Repeat(0L, OrdersAtOnce.Most - orderIds.Length)).Select(id => (Value)id).ToArray();
        var found = (await ledger.QueryAsync(OrderRows.StatusesOf, ids)).ToDictionary(row => row.Id, row => row.Status);
        return [.. orderIds.Select(id => found.GetValueOrDefault(id, OrdersAtOnce.Unknown))];
    }

    private OrderView View(IEnumerable<OrderLineRow> lines) =>
        lines.First().Order.View(lines.Select(line => line.Item), options.CloseAfter);
}
