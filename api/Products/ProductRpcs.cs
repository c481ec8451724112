namespace Mall.Api.Products;

/// <summary>gRPC: products.</summary>
[Authorize(Policies.User)]
internal sealed class ProductRpcs(ProductDesk desk) : V1.Products.ProductsBase
{
    public override async Task<V1.Product> Create(V1.CreateProductRequest request, ServerCallContext context)
    {
        var input = new CreateProductInput(
            request.Name, request.HasStock ? request.Stock : null, request.HasPrice ? request.Price : null, request.Desc,
            request.HasShopId ? request.ShopId : null, Attributes.OfStruct(request.Attributes));
        var product = await desk.Create(context.Caller(), input, context.IdempotencyKey(), context.Patience());
        return Shape(product.OrRefuse(context));
    }

    [AllowAnonymous]
    public override async Task<V1.Product> Get(V1.GetProductRequest request, ServerCallContext context) =>
        Shape((await desk.Get(request.Id, context.Patience())).OrRefuse(context));

    [AllowAnonymous]
    public override async Task<V1.ListProductsResponse> List(V1.ListProductsRequest request, ServerCallContext context)
    {
        var page = await desk.List(
            request.After.OrAbsent(), request.Limit.OrDefaultLimit(), request.HasShop ? request.Shop : null,
            request.Query.OrAbsent(), request.Sort.OrAbsent() ?? Sorting.Own, context.Patience());
        var response = new V1.ListProductsResponse { Items = { page.Items.Select(Shape) }, Cursor = page.Cursor };
        if (page.Next is { } next)
            response.Next = next;
        return response;
    }

    public override async Task<V1.Product> Update(V1.UpdateProductRequest request, ServerCallContext context)
    {
        var input = new ChangeProductInput(
            request.HasName ? request.Name : null, request.HasDesc ? request.Desc : null,
            request.HasPrice ? request.Price : null, request.HasStatus ? request.Status : null,
            Attributes.OfStruct(request.Attributes));
        return Shape((await desk.Change(context.Caller(), request.Id, input, context.Patience())).OrRefuse(context));
    }

    public override async Task<V1.AdjustStockResponse> AdjustStock(V1.AdjustStockRequest request, ServerCallContext context)
    {
        var input = new AdjustStockInput(request.HasDelta ? request.Delta : null);
        var stock = await desk.AdjustStock(context.Caller(), request.Id, input, context.IdempotencyKey(), context.Patience());
        return new V1.AdjustStockResponse { Stock = stock.OrRefuse(context) };
    }

    public override async Task<V1.RemoveProductResponse> Remove(V1.RemoveProductRequest request, ServerCallContext context)
    {
        (await desk.Remove(context.Caller(), request.Id, context.Patience())).OrRefuse(context);
        return new V1.RemoveProductResponse();
    }

    private static V1.Product Shape(ProductView product) => new()
    {
        Id = product.Id, Name = product.Name, Desc = product.Desc, Stock = product.Stock, Price = product.Price,
        Status = product.Status, ShopId = product.ShopId, Attributes = Attributes.ToStruct(product.Attributes),
    };
}
