namespace Mall.Products;

/// <summary>
/// Creates products, and lists them; any number of callers at once. Reentrant: it keeps nothing between its awaits.
/// </summary>
[StatelessWorker, Reentrant]
public sealed class ProductCatalogGrain(GrainLedger ledger) : Grain, IProductCatalogGrain
{
    public async Task<Result<ProductView>> Create(CreateProduct command)
    {
        if (await FindAsync(command) is { } before) return before;

        var shop = await ShopOfAsync(command);
        if (shop.IsRefused) return shop.Refusal;
        var id = await ledger.NextIdAsync("products");
        var created = await GrainFactory.GetGrain<IProductGrain>(id).Create(shop.Value.Id, command);

        // Refused only when a request under the same key was faster by a hair: then its product is the answer.
        return created.IsRefused ? await FindAsync(command) ?? created : created;
    }

    public async Task<ListPage<ProductView>> List(ListProducts query)
    {
        var after = query.After ?? (ProductPages.IsDown(query.Order) ? ListPlace.End : ListPlace.Beginning);
        var settled = query.Order == ProductOrder.Created ? await ledger.SettledAsync() : long.MaxValue;
        var patterns = SearchNames.Patterns(query.Query);

        // Below the least value there is. Where all have that one, PostgreSQL would take what lies above it for nothing, and an
        // index with nothing in it for the fastest way to a name.
        var before = after == ListPlace.Beginning ? -1 : after.Position;

        // One more than asked for tells whether there is a next page.
        var rows = await ledger.QueryAsync(
            ProductPages.Of(query.Order, query.ShopId is not null, patterns.Length),
            [
                before, after.Id, query.Limit + 1, settled, .. query.ShopId is { } shop ? (Value[])[shop] : [],
                .. patterns,
            ]);
        return ListPages.Of(rows, query.Limit, after, row => row.Item.View, row => row.Place);
    }

    /// <summary>
    /// What was answered under this key, whatever has become of the product since: the same request created it, so it tells all
    /// but the id and the shop.
    /// </summary>
    private async Task<Result<ProductView>?> FindAsync(CreateProduct command)
    {
        if (await ledger.FindUnderAsync(command.Idempotency) is not { } before) return null;
        if (before.IsRefused) return before.Refusal;
        var today = await GrainFactory.GetGrain<IProductGrain>(before.Value.ResultId).Get();
        return today.IsRefused ? today : Product.Created(today.Value.Id, today.Value.ShopId, command).View;
    }

    private async Task<Result<ShopView>> ShopOfAsync(CreateProduct command)
    {
        if (command.ShopId is { } shopId)
        {
            var shop = await GrainFactory.GetGrain<IShopGrain>(shopId).Get();
            return shop.IsRefused || shop.Value.OwnerId == command.UserId
                ? shop
                : Result.Refused(ErrorCodes.Forbidden, $"Shop {shopId} is not yours.");
        }

        var shops = await GrainFactory.GetGrain<IShopDirectoryGrain>(0).OfOwner(command.UserId);
        return shops.IsEmpty ? Result.Refused(ErrorCodes.Forbidden, "Only sellers have products: open a shop first.") : shops[0];
    }
}
