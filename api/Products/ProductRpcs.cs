using Mall.Api.Grpc;
using Mall.Products;

namespace Mall.Api.Products;

/// <summary>gRPC: products.</summary>
internal sealed class ProductRpcs(ProductDesk desk)
{
    public RpcService Service => new RpcService(V1.ProductsReflection.Descriptor.Services[0])
        .User<V1.CreateProductRequest, V1.Product>("Create", Create)
        .Open<V1.GetProductRequest, V1.Product>("Get", Get)
        .User<V1.UpdateProductRequest, V1.Product>("Update", Update)
        .User<V1.AdjustStockRequest, V1.AdjustStockResponse>("AdjustStock", AdjustStock)
        .User<V1.RemoveProductRequest, V1.RemoveProductResponse>("Remove", Remove);

    private async Task<Result<V1.Product>> Create(RpcCall call, Caller caller, V1.CreateProductRequest request)
    {
        var input = new CreateProductInput(
            request.Name,
            request.HasStock ? request.Stock : null,
            request.HasPrice ? request.Price : null,
            request.Desc,
            request.HasShopId ? request.ShopId : null);
        return (await desk.Create(caller, input, call.IdempotencyKey(), call.Patience)).As(Shape);
    }

    private async Task<Result<V1.Product>> Get(RpcCall call, V1.GetProductRequest request) =>
        (await desk.Get(request.Id, call.Patience)).As(Shape);

    private async Task<Result<V1.Product>> Update(RpcCall call, Caller caller, V1.UpdateProductRequest request)
    {
        var input = new ChangeProductInput(
            request.HasName ? request.Name : null,
            request.HasDesc ? request.Desc : null,
            request.HasPrice ? request.Price : null,
            request.HasStatus ? request.Status : null);
        return (await desk.Change(caller, request.Id, input, call.Patience)).As(Shape);
    }

    private async Task<Result<V1.AdjustStockResponse>> AdjustStock(RpcCall call, Caller caller, V1.AdjustStockRequest request)
    {
        var input = new AdjustStockInput(request.HasDelta ? request.Delta : null);
        return (await desk.AdjustStock(caller, request.Id, input, call.IdempotencyKey(), call.Patience))
            .As(stock => new V1.AdjustStockResponse { Stock = stock });
    }

    private async Task<Result<V1.RemoveProductResponse>> Remove(RpcCall call, Caller caller, V1.RemoveProductRequest request) =>
        (await desk.Remove(caller, request.Id, call.Patience)).As(_ => new V1.RemoveProductResponse());

    private static V1.Product Shape(ProductView product) => new()
    {
        Id = product.Id,
        Name = product.Name,
        Desc = product.Desc,
        Stock = product.Stock,
        Price = product.Price,
        Status = product.Status,
        ShopId = product.ShopId,
    };
}
