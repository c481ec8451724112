using Google.Protobuf.WellKnownTypes;

namespace Mall.Api.Orders;

/// <summary>gRPC: orders.</summary>
[Authorize(Policies.User)]
internal sealed class OrderRpcs(OrderDesk desk, OrderWatch watch, PaymentDesk payments) : V1.Orders.OrdersBase
{
    public override async Task<V1.PlaceOrderResponse> Place(V1.PlaceOrderRequest request, ServerCallContext context)
    {
        var lines = request.Items.Select(item => new OrderLineInput(item.ProductId, item.Quantity)).ToArray();
        var (caller, input, key) = (context.Caller(), new PlaceOrderInput(lines), context.IdempotencyKey());
        if (request is { HasWait: true, Wait: false })
        {
            var gid = await desk.Submit(caller, input, key, context.Patience());
            return new V1.PlaceOrderResponse { Gid = gid.OrRefuse(context) };
        }

        var order = (await desk.Place(caller, input, key, context.Patience())).OrRefuse(context);
        return new V1.PlaceOrderResponse { Gid = order.Gid, Order = Shape(order) };
    }

    public override async Task<V1.Order> Get(V1.GetOrderRequest request, ServerCallContext context) =>
        Shape((await desk.Get(context.Caller(), request.Id, context.Patience())).OrRefuse(context));

    public override async Task<V1.Order> Refund(V1.RefundOrderRequest request, ServerCallContext context)
    {
        var refunded = await payments.Refund(context.Caller(), request.Id, context.IdempotencyKey(), context.Patience());
        return Shape(refunded.OrRefuse(context));
    }

    public override async Task<V1.Order> Cancel(V1.CancelOrderRequest request, ServerCallContext context)
    {
        var order = await desk.Cancel(context.Caller(), request.Id, context.IdempotencyKey(), context.Patience());
        return Shape(order.OrRefuse(context));
    }

    public override async Task Watch(
        V1.WatchOrderRequest request, IServerStreamWriter<V1.Order> responseStream, ServerCallContext context)
    {
        var order = (await desk.Get(context.Caller(), request.Id, context.Patience())).OrRefuse(context);
        await foreach (var now in watch.Follow(order, context.CancellationToken))
            await responseStream.WriteAsync(Shape(now), context.CancellationToken);
    }

    public override async Task<V1.ListOrdersResponse> List(V1.ListOrdersRequest request, ServerCallContext context)
    {
        int? status = request.HasStatus ? (int)request.Status : null;
        var limit = request.Limit.OrDefaultLimit();
        var page = await desk.List(
            context.Caller(), status, request.Gid.OrAbsent(), request.After.OrAbsent(), limit, request.NewestFirst,
            context.Patience());
        var response = new V1.ListOrdersResponse { Items = { page.Items.Select(Shape) }, Cursor = page.Cursor.ToString() };
        if (page.Next is { } next)
            response.Next = next.ToString();
        return response;
    }

    private static V1.Order Shape(OrderView order)
    {
        var message = new V1.Order
        {
            Id = order.Id, Gid = order.Gid, UserId = order.UserId, Items = { order.Items.Select(Shape) }, Amount = order.Amount,
            Status = (V1.OrderStatus)order.Status, StatusText = OrderStatus.Text(order.Status),
            CreatedAt = order.CreatedAt.ToTimestamp(), ClosesAt = order.ClosesAt.ToTimestamp(),
            PaidAt = order.PaidAt?.ToTimestamp(),
        };
        if (order.Reason is { } reason) message.Reason = reason;
        return message;
    }

    private static V1.Order.Types.Item Shape(OrderItem item) =>
        new() { ProductId = item.ProductId, Name = item.Name, Quantity = item.Quantity, Price = item.Price };
}
