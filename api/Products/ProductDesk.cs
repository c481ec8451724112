namespace Mall.Api.Products;

/// <summary>
/// Where both doors create products, change and list them. Whether the caller is the seller is decided by the grains, from the
/// shop's owner: the role in a token may be older than the shop.
/// </summary>
internal sealed class ProductDesk(IGrainFactory grains)
{
    public const int MaxName = 200;
    public const int MaxDesc = 4000;
    public const int MaxQuery = 100;

    private static readonly string[] s_sorts = ["id", "price", "-price", "sales", "recommended"]; // As in ProductOrder.

    /// <summary>See <see cref="IProductCatalogGrain.Create"/> for the refusals.</summary>
    public Task<Result<ProductView>> Create(Caller caller, CreateProductInput input, string? key, Patience patience)
    {
        var checks = new FieldChecks();
        var name = checks.Text("name", input.Name, 1, MaxName);
        var desc = checks.OptionalText("desc", input.Desc, 0, MaxDesc, multiline: true) ?? "";
        var stock = checks.Number("stock", input.Stock, 0, ExactNumbers.Max);
        var price = checks.Number("price", input.Price, 0, ExactNumbers.Max);
        long? shopId = input.ShopId is null ? null : checks.Id("shopId", input.ShopId);
        var attributes = Attributes.Check(ref checks, input.Attributes) ?? ProductView.NoAttributes;
        checks.ThrowIfAny();

        var request = $"product {shopId} {price} {stock} {IdempotencyKeys.Quote(name)} {IdempotencyKeys.Quote(desc)}";
        if (attributes != ProductView.NoAttributes)
            request += $" {attributes}";
        var idempotency = key.ToIdempotency(caller.UserId, request);
        var command = new CreateProduct(caller.UserId, shopId, name, desc, price, stock, idempotency, attributes);
        return patience.Ask(idempotency is not null, () => grains.GetGrain<IProductCatalogGrain>(0).Create(command));
    }

    public Task<Result<ProductView>> Get(long productId, Patience patience) =>
        patience.Insist(() => Product(productId).Get());

    public Task<Result<ProductView>> Change(Caller caller, long productId, ChangeProductInput input, Patience patience)
    {
        var (product, command) = (Product(productId), Check(caller, input));
        return patience.Once(() => product.Change(command));
    }

    /// <exception cref="ProblemException">100002, which names the fields.</exception>
    public static ChangeProduct Check(Caller caller, ChangeProductInput input)
    {
        var checks = new FieldChecks();
        var name = checks.OptionalText("name", input.Name, 1, MaxName);
        var desc = checks.OptionalText("desc", input.Desc, 0, MaxDesc, multiline: true);
        var price = checks.OptionalNumber("price", input.Price, 0, ExactNumbers.Max);
        var status = (int?)checks.OptionalNumber("status", input.Status, 0, 1);
        var attributes = Attributes.Check(ref checks, input.Attributes);
        checks.ThrowIfAny();
        return new ChangeProduct(caller.UserId, name, desc, price, status, attributes);
    }

    /// <summary>Products on sale.</summary>
    /// <param name="query">Words that their names have in them; null for all.</param>
    /// <param name="sort">See <see cref="Sorting"/>.</param>
    public async Task<SortedPage<ProductView>> List(
        string? after, int limit, long? shopId, string? query, string sort, Patience patience)
    {
        var checks = new FieldChecks();
        if (shopId is not null)
            checks.Id("shop", shopId);
        checks.OptionalText("query", query, 1, MaxQuery);
        checks.ThrowIfAny();
        var order = (ProductOrder)Sorting.IndexOf(sort, s_sorts);
        var command = new ListProducts(order, shopId, query, Sorting.Place(after, sort), limit);
        // A search may have to go through many products: once is enough at a time.
        return new(
            await patience.Ask(query is null, () => grains.GetGrain<IProductCatalogGrain>(0).List(command)), sort);
    }

    /// <returns>The stock after it.</returns>
    public Task<Result<long>> AdjustStock(Caller caller, long productId, AdjustStockInput input, string? key, Patience patience)
    {
        var checks = new FieldChecks();
        var delta = checks.Number("delta", input.Delta, -ExactNumbers.Max, ExactNumbers.Max);
        checks.ThrowIfAny();

        var idempotency = key.ToIdempotency(caller.UserId, $"stock {productId} {delta}");
        var product = Product(productId);
        return patience.Ask(idempotency is not null, () => product.AdjustStock(caller.UserId, delta, idempotency));
    }

    /// <summary>Sets the stock to a figure. It may be repeated, but undoes then what has been sold meanwhile.</summary>
    /// <returns>The stock after it.</returns>
    public Task<Result<long>> SetStock(Caller caller, long productId, long stock, Patience patience)
    {
        var checks = new FieldChecks();
        checks.Number("stock", stock, 0, ExactNumbers.Max);
        checks.ThrowIfAny();
        var product = Product(productId);
        return patience.Once(() => product.SetStock(caller.UserId, stock));
    }

    /// <summary>Takes the product off sale.</summary>
    public Task<Result<Done>> Remove(Caller caller, long productId, Patience patience) =>
        patience.Once(() => Product(productId).Remove(caller.UserId));

    private IProductGrain Product(long productId) => grains.GetGrain<IProductGrain>(FieldChecks.RequireId(productId));
}
