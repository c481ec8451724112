namespace Mall.Orders;

/// <summary>Reads committed orders; any number of readers at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class OrderHistoryGrain(GrainLedger ledger, OrderOptions options) : Grain, IOrderHistoryGrain
{
    public async Task<Result<OrderView>> Get(long userId, long orderId)
    {
        if (await ledger.FindAsync(OrderRows.ById, orderId) is not { } row)
            return Result.Refused(ErrorCodes.NoSuchOrder, $"There is no order {orderId}.");
        if (row.UserId != userId)
            return Result.Refused(ErrorCodes.Forbidden, $"Order {orderId} is not yours.");
        return (await WithItemsAsync(userId, [row]))[0];
    }

    public async Task<OrderPage> List(long userId, int? status, long after, int limit)
    {
        // One more than asked for tells whether there is a next page.
        var rows = status is { } wanted
            ? await ledger.QueryAsync(OrderRows.PageOfUserAndStatus, userId, after, limit + 1, wanted)
            : await ledger.QueryAsync(OrderRows.PageOfUser, userId, after, limit + 1);
        var items = await WithItemsAsync(userId, [.. rows.Take(limit)]);
        return new OrderPage(items, rows.Count > limit ? items[^1].Id : null);
    }

    private async Task<ImmutableArray<OrderView>> WithItemsAsync(long userId, OrderRow[] rows)
    {
        if (rows.Length == 0) return [];
        var items = await ledger.QueryAsync(OrderRows.ItemsBetween, rows[0].Id, rows[^1].Id, userId);
        var byOrder = items.ToLookup(i => i.OrderId, i => i.Item);
        return [.. rows.Select(row => row.View(byOrder[row.Id], options.CloseAfter))];
    }
}
