namespace Mall.Api.Products;

/// <summary>
/// Where both doors create products and change them. Whether the caller is the seller is decided by the grains, from the shop's
/// owner: the role in a token may be older than the shop.
/// </summary>
internal sealed class ProductDesk(IGrainFactory grains)
{
    public const int MaxName = 200;
    public const int MaxDesc = 4000;
    public const long MaxStock = 1_000_000_000;
    public const long MaxPrice = 1_000_000_000_000;

    /// <summary>See <see cref="IProductCatalogGrain.Create"/> for the refusals.</summary>
    public Task<Result<ProductView>> Create(Caller caller, CreateProductInput input, string? key, Patience patience)
    {
        var checks = new FieldChecks();
        var name = checks.Text("name", input.Name, 1, MaxName);
        var desc = checks.OptionalText("desc", input.Desc, 0, MaxDesc, multiline: true) ?? "";
        var stock = checks.Number("stock", input.Stock, 0, MaxStock);
        var price = checks.Number("price", input.Price, 0, MaxPrice);
        long? shopId = input.ShopId is null ? null : checks.Id("shopId", input.ShopId);
        checks.ThrowIfAny();

        var idempotency = key.ToIdempotency(
            caller.UserId, $"product {shopId} {price} {stock} {IdempotencyKeys.Quote(name)} {IdempotencyKeys.Quote(desc)}");
        var command = new CreateProduct(caller.UserId, shopId, name, desc, price, stock, idempotency);
        return patience.Ask(idempotency is not null, () => grains.GetGrain<IProductCatalogGrain>(0).Create(command));
    }

    public Task<Result<ProductView>> Get(long productId, Patience patience) => 
        patience.Insist(() => Product(productId).Get());

    public Task<Result<ProductView>> Change(Caller caller, long productId, ChangeProductInput input, Patience patience)
    {
        var checks = new FieldChecks();
        var name = checks.OptionalText("name", input.Name, 1, MaxName);
        var desc = checks.OptionalText("desc", input.Desc, 0, MaxDesc, multiline: true);
        var price = checks.OptionalNumber("price", input.Price, 0, MaxPrice);
        var status = (int?)checks.OptionalNumber("status", input.Status, 0, 1);
        checks.ThrowIfAny();

        var product = Product(productId);
        return patience.Once(() => product.Change(new ChangeProduct(caller.UserId, name, desc, price, status)));
    }

    /// <returns>The stock after it.</returns>
    public Task<Result<long>> AdjustStock(Caller caller, long productId, AdjustStockInput input, string? key, Patience patience)
    {
        var checks = new FieldChecks();
        var delta = checks.Number("delta", input.Delta, -MaxStock, MaxStock);
        checks.ThrowIfAny();

        var idempotency = key.ToIdempotency(caller.UserId, $"stock {productId} {delta}");
        var product = Product(productId);
        return patience.Ask(idempotency is not null, () => product.AdjustStock(caller.UserId, delta, idempotency));
    }

    /// <summary>Takes the product off sale.</summary>
    public Task<Result<Done>> Remove(Caller caller, long productId, Patience patience) =>
        patience.Once(() => Product(productId).Remove(caller.UserId));

    private IProductGrain Product(long productId) => grains.GetGrain<IProductGrain>(FieldChecks.RequireId(productId));
}
