namespace Mall.Products;

/// <summary>Creates products; any number of creators at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class ProductCatalogGrain(GrainLedger ledger) : Grain, IProductCatalogGrain
{
    public async Task<Result<ProductView>> Create(CreateProduct command)
    {
        if (command.Idempotency is { } repeated && await FindAsync(repeated) is { } before) return before;

        var shop = await ShopOfAsync(command);
        if (shop.IsRefused) return shop.Refusal;
        var id = await ledger.NextIdAsync("products");
        var created = await GrainFactory.GetGrain<IProductGrain>(id).Create(shop.Value.Id, command);

        // Refused only when a request under the same key was faster by a hair: then its product is the answer.
        return created.IsRefused && command.Idempotency is { } lost ? await FindAsync(lost) ?? created : created;
    }

    private async Task<Result<ProductView>?> FindAsync(Idempotency idempotency)
    {
        if (await ledger.FindAsync(IdempotencyRows.ByKey, idempotency.UserId, idempotency.Key) is not { } before) return null;
        return before.Answers(idempotency, "product") is { } refusal
            ? refusal
            : await GrainFactory.GetGrain<IProductGrain>(before.ResultId).Get();
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
