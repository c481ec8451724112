namespace Mall.Shops;

/// <summary>Opens and finds shops; any number of callers at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class ShopDirectoryGrain(GrainLedger ledger) : Grain, IShopDirectoryGrain
{
    public async Task<Result<ShopView>> Open(OpenShop command)
    {
        if (await FindAsync(command) is { } before) return before;
        var id = await ledger.NextIdAsync("shops");
        var opened = await GrainFactory.GetGrain<IShopGrain>(id).Create(command);

        // Refused only when a request under the same key was faster by a hair: then its shop is the answer.
        return opened.IsRefused ? await FindAsync(command) ?? opened : opened;
    }

    public async Task<ImmutableArray<ShopView>> OfOwner(long ownerId) => [.. await ledger.QueryAsync(ShopRows.OfOwner, ownerId)];

    public async Task<ListPage<ShopView>> List(ListShops query)
    {
        var isOwnOrder = query.Order == ShopOrder.Opened;
        var after = query.After ?? (isOwnOrder ? ListPlace.Beginning : ListPlace.End);
        var settled = isOwnOrder ? await ledger.SettledAsync() : long.MaxValue;
        var rows = await ledger.QueryAsync(
            ShopRows.Page(query.Order), after.Position, after.Id, query.Limit + 1, settled);
        return ListPages.Of(rows, query.Limit, after, row => row.Item, row => row.Place);
    }

    /// <summary>What was answered under this key: the same request opened it, so it tells all but the id.</summary>
    private Task<Result<ShopView>?> FindAsync(OpenShop command) =>
        ledger.AnswerUnderAsync(command.Idempotency, used => ShopView.Opened(used.ResultId, command));
}
