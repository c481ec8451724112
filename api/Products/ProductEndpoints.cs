namespace Mall.Api.Products;

/// <summary>A product, as REST shows it.</summary>
/// <param name="Id">Positive.</param>
/// <param name="Name">As its seller named it.</param>
/// <param name="Desc">What it is; may be empty.</param>
/// <param name="Stock">Units on hand.</param>
/// <param name="Price">Of one, in minor units (cents).</param>
/// <param name="Status">1 on sale, 0 off sale.</param>
/// <param name="ShopId">Whose it is.</param>
/// <param name="Attributes">What else its seller says of it; absent when that is nothing.</param>
internal sealed record ProductAnswer(
    long Id, string Name, string Desc, long Stock, long Price, int Status, long ShopId,
    IReadOnlyDictionary<string, JsonElement>? Attributes)
{
    public static ProductAnswer Of(ProductView product) => new(
        product.Id, product.Name, product.Desc, product.Stock, product.Price, product.Status, product.ShopId,
        Products.Attributes.ToObject(product.Attributes));
}

/// <inheritdoc cref="OrderPageAnswer"/>
internal sealed record ProductPageAnswer(
    IReadOnlyList<ProductAnswer> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next, string Cursor)
{
    public static ProductPageAnswer Of(SortedPage<ProductView> page) =>
        new([.. page.Items.Select(ProductAnswer.Of)], page.Next, page.Cursor);
}

/// <summary>A product's stock after a change.</summary>
internal sealed record StockAnswer(long Stock);

/// <summary>REST: products.</summary>
internal static class ProductEndpoints
{
    public static void MapProducts(this IEndpointRouteBuilder routes)
    {
        var products = routes.MapGroup("/v1/products").WithTags("Products");
        products.MapGet("", List);
        products.MapGet("/{id}", Get).Refuses(ErrorCodes.NoSuchProduct);

        var sellers = products.MapGroup("").RequireAuthorization(Policies.User);
        sellers.MapPost("", Create).Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchShop, ErrorCodes.KeyReused);
        sellers.MapPatch("/{id}", Change).Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchProduct);
        sellers.MapPost("/{id}/stock", AdjustStock).Refuses(
            ErrorCodes.Forbidden, ErrorCodes.NoSuchProduct, ErrorCodes.NotEnoughStock, ErrorCodes.KeyReused);
        sellers.MapDelete("/{id}", Remove).Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchProduct);
    }

    /// <summary>Put a product on sale</summary>
    /// <remarks>The caller needs a shop.</remarks>
    /// <param name="body" example='{"name": "Sencha, 100 g", "stock": 50, "price": 1250, "attributes": {"origin": "Shizuoka"}}'>
    /// The product.
    /// </param>
    /// <response code="201">Created, on sale.</response>
    internal static async Task<Created<ProductAnswer>> Create(
        Caller caller, [IdempotencyKey] string? key, Body<CreateProductInput> body, ProductDesk desk, Patience patience)
    {
        var product = await desk.Create(caller, body.Value, key, patience);
        return new(product.As(ProductAnswer.Of), product => $"/v1/products/{product.Id}");
    }

    /// <summary>Look at a product</summary>
    /// <param name="id">The product.</param>
    /// <response code="200">The product.</response>
    internal static async Task<Ok<ProductAnswer>> Get(long id, ProductDesk desk, Patience patience) =>
        (await desk.Get(id, patience)).As(ProductAnswer.Of);

    /// <summary>List products</summary>
    /// <remarks>
    /// Those on sale. By id they come as they were created: who goes on with next, and later with cursor, sees each once and
    /// misses none. The other orders are for looking around: what changes its place meanwhile may be seen twice, or not at all.
    /// </remarks>
    /// <param name="after">The next or the cursor of a page before, under the same sort; absent for the first page.</param>
    /// <param name="shop">Only those of this shop.</param>
    /// <param name="query">Only those whose names have all of these words in them, capitals or not.</param>
    /// <param name="limit">How many.</param>
    /// <param name="sort">id, price, -price (the dearest first), sales or recommended.</param>
    /// <response code="200">A page.</response>
    internal static async Task<Ok<ProductPageAnswer>> List(
        ProductDesk desk, Patience patience, string? after, [Range(1, ExactNumbers.Max)] long? shop, string? query,
        [Range(1, Paging.MaxLimit)] int limit = Paging.DefaultLimit, string sort = Sorting.Own) =>
        new(ProductPageAnswer.Of(await desk.List(after, limit, shop, query, sort, patience)));

    /// <summary>Change a product</summary>
    /// <remarks>
    /// An absent field stays as it is; zero and empty are values. Attributes are changed as a whole. For its seller only.
    /// </remarks>
    /// <param name="id">The product.</param>
    /// <param name="body" example='{"price": 990}'>What to change.</param>
    /// <response code="200">The product after it.</response>
    internal static async Task<Ok<ProductAnswer>> Change(
        Caller caller, long id, Body<ChangeProductInput> body, ProductDesk desk, Patience patience) =>
        (await desk.Change(caller, id, body.Value, patience)).As(ProductAnswer.Of);

    /// <summary>Add to the stock, or take from it</summary>
    /// <remarks>Never below zero. For its seller only.</remarks>
    /// <param name="id">The product.</param>
    /// <param name="body" example='{"delta": 20}'>What comes in, or goes out when negative.</param>
    /// <response code="200">The stock after it.</response>
    internal static async Task<Ok<StockAnswer>> AdjustStock(
        Caller caller, long id, [IdempotencyKey] string? key, Body<AdjustStockInput> body, ProductDesk desk, Patience patience) =>
        (await desk.AdjustStock(caller, id, body.Value, key, patience)).As(stock => new StockAnswer(stock));

    /// <summary>Take a product off sale</summary>
    /// <remarks>Its orders keep it. For its seller only.</remarks>
    /// <param name="id">The product.</param>
    /// <response code="204">Off sale.</response>
    internal static async Task<NoContent> Remove(Caller caller, long id, ProductDesk desk, Patience patience) =>
        new((await desk.Remove(caller, id, patience)).Refusal);
}
