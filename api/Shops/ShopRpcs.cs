using Mall.Api.Grpc;
using Mall.Shops;

namespace Mall.Api.Shops;

/// <summary>gRPC: shops.</summary>
internal sealed class ShopRpcs(ShopDesk desk)
{
    public RpcService Service => new RpcService(V1.ShopsReflection.Descriptor.Services[0])
        .User<V1.OpenShopRequest, V1.Shop>("Open", Open)
        .Open<V1.GetShopRequest, V1.Shop>("Get", Get);

    private async Task<Result<V1.Shop>> Open(RpcCall call, Caller caller, V1.OpenShopRequest request) =>
        (await desk.Open(caller, new OpenShopInput(request.Name), call.IdempotencyKey(), call.Patience)).As(Shape);

    private async Task<Result<V1.Shop>> Get(RpcCall call, V1.GetShopRequest request) =>
        (await desk.Get(request.Id, call.Patience)).As(Shape);

    private static V1.Shop Shape(ShopView shop) => new()
    {
        Id = shop.Id,
        Name = shop.Name,
        Rating = (double)ShopAnswer.Stars(shop),
        Sales = shop.Sales,
    };
}
