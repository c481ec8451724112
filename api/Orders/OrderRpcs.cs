using Google.Protobuf.WellKnownTypes;
using Mall.Api.Grpc;
using Mall.Orders;

namespace Mall.Api.Orders;

/// <summary>gRPC: orders.</summary>
internal sealed class OrderRpcs(OrderDesk desk)
{
    public RpcService Service => new RpcService(V1.OrdersReflection.Descriptor.Services[0])
        .User<V1.PlaceOrderRequest, V1.PlaceOrderResponse>("Place", Place)
        .User<V1.GetOrderRequest, V1.Order>("Get", Get)
        .User<V1.ListOrdersRequest, V1.ListOrdersResponse>("List", List);

    private async Task<Result<V1.PlaceOrderResponse>> Place(RpcCall call, Caller caller, V1.PlaceOrderRequest request)
    {
        var lines = new OrderLineInput[request.Items.Count];
        for (var i = 0; i < lines.Length; i++)
            lines[i] = new(request.Items[i].ProductId, request.Items[i].Quantity);
        var input = new PlaceOrderInput(lines);

        if (request is { HasWait: true, Wait: false })
        {
            return (await desk.Submit(caller, input, call.IdempotencyKey(), call.Patience))
                .As(static gid => new V1.PlaceOrderResponse { Gid = gid });
        }

        return (await desk.Place(caller, input, call.IdempotencyKey(), call.Patience))
            .As(static order => new V1.PlaceOrderResponse { Gid = order.Gid, Order = Shape(order) });
    }

    private async Task<Result<V1.Order>> Get(RpcCall call, Caller caller, V1.GetOrderRequest request) =>
        (await desk.Get(caller, request.Id, call.Patience)).As(Shape);

    private async Task<Result<V1.ListOrdersResponse>> List(RpcCall call, Caller caller, V1.ListOrdersRequest request)
    {
        int? status = request.HasStatus ? (int)request.Status : null;
        var page = await desk.List(caller, status, request.After, request.Limit.OrDefaultLimit(), call.Patience);
        var response = new V1.ListOrdersResponse { Items = { page.Items.Select(Shape) } };
        if (page.Next is { } next)
            response.Next = next;
        return response;
    }

    private static V1.Order Shape(OrderView order)
    {
        var message = new V1.Order
        {
            Id = order.Id,
            Gid = order.Gid,
            UserId = order.UserId,
            Amount = order.Amount,
            Status = (V1.OrderStatus)order.Status,
            StatusText = OrderStatus.Text(order.Status),
            CreatedAt = order.CreatedAt.ToTimestamp(),
            ClosesAt = order.ClosesAt.ToTimestamp(),
            PaidAt = order.PaidAt?.ToTimestamp(),
        };
        foreach (var item in order.Items)
            message.Items.Add(Shape(item));
        return message;
    }

    private static V1.Order.Types.Item Shape(OrderItem item) => new()
    {
        ProductId = item.ProductId,
        Name = item.Name,
        Quantity = item.Quantity,
        Price = item.Price,
    };
}
