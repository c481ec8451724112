using Mall.Products;

namespace Mall.Api.Products;

/// <summary>A product, as REST shows it.</summary>
/// <param name="Id">Positive.</param>
/// <param name="Name">As its seller named it.</param>
/// <param name="Desc">What it is; may be empty.</param>
/// <param name="Stock">Units on hand.</param>
/// <param name="Price">Of one, in minor units (cents).</param>
/// <param name="Status">1 on sale, 0 off sale.</param>
/// <param name="ShopId">Whose it is.</param>
internal sealed record ProductAnswer(long Id, string Name, string Desc, long Stock, long Price, int Status, long ShopId)
{
    public static ProductAnswer Of(ProductView product) =>
        new(product.Id, product.Name, product.Desc, product.Stock, product.Price, product.Status, product.ShopId);
}

/// <summary>A product's stock after a change.</summary>
internal sealed record StockAnswer(long Stock);

/// <summary>REST: products.</summary>
internal sealed class ProductEndpoints(ProductDesk desk, Clock clock)
{
    public void Map(RestRoutes products)
    {
        products.User("POST", "", Create)
            .Says("Put a product on sale", "The caller needs a shop.")
            .Takes<CreateProductInput>("""{"name": "Sencha, 100 g", "stock": 50, "price": 1250}""").TakesIdempotencyKey()
            .Gives<ProductAnswer>(201, "Created, on sale.")
            .Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchShop, ErrorCodes.KeyReused);

        products.Open("GET", "/{id}", Get)
            .Says("Look at a product")
            .Path("id", "integer", "The product.")
            .Gives<ProductAnswer>(200, "The product.")
            .Refuses(ErrorCodes.NoSuchProduct);

        products.User("PATCH", "/{id}", Change)
            .Says("Change a product", "An absent field stays as it is; zero and empty are values. For its seller only.")
            .Path("id", "integer", "The product.")
            .Takes<ChangeProductInput>("""{"price": 990}""")
            .Gives<ProductAnswer>(200, "The product after it.")
            .Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchProduct);

        products.User("POST", "/{id}/stock", AdjustStock)
            .Says("Add to the stock, or take from it", "Never below zero. For its seller only.")
            .Path("id", "integer", "The product.")
            .Takes<AdjustStockInput>("""{"delta": 20}""").TakesIdempotencyKey()
            .Gives<StockAnswer>(200, "The stock after it.")
            .Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchProduct, ErrorCodes.NotEnoughStock, ErrorCodes.KeyReused);

        products.User("DELETE", "/{id}", Remove)
            .Says("Take a product off sale", "Its orders keep it. For its seller only.")
            .Path("id", "integer", "The product.")
            .Gives(204, "Off sale.")
            .Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchProduct);
    }

    private async Task Create(HttpContext http, Caller caller)
    {
        var key = http.IdempotencyKey();
        var input = await http.ReadBody(ApiJson.Default.CreateProductInput);
        var product = await desk.Create(caller, input, key, clock.Patience(http));
        http.AnswerCreated(product, "/v1/products/", product.Value?.Id, ProductAnswer.Of, ApiJson.Default.ProductAnswer);
    }

    private async Task Get(HttpContext http) =>
        http.Answer(await desk.Get(http.PathId(), clock.Patience(http)), ProductAnswer.Of, ApiJson.Default.ProductAnswer);

    private async Task Change(HttpContext http, Caller caller)
    {
        var productId = http.PathId();
        var input = await http.ReadBody(ApiJson.Default.ChangeProductInput);
        http.Answer(
            await desk.Change(caller, productId, input, clock.Patience(http)), ProductAnswer.Of, ApiJson.Default.ProductAnswer);
    }

    private async Task AdjustStock(HttpContext http, Caller caller)
    {
        var productId = http.PathId();
        var key = http.IdempotencyKey();
        var input = await http.ReadBody(ApiJson.Default.AdjustStockInput);
        var stock = await desk.AdjustStock(caller, productId, input, key, clock.Patience(http));
        http.Answer(stock, static stock => new StockAnswer(stock), ApiJson.Default.StockAnswer);
    }

    private async Task Remove(HttpContext http, Caller caller)
    {
        var removed = await desk.Remove(caller, http.PathId(), clock.Patience(http));
        if (removed.IsRefused)
            ProblemWriter.Write(http, Problem.Of(removed.Refusal));
        else
            http.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
