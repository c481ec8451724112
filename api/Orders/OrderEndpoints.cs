using System.Net.ServerSentEvents;

namespace Mall.Api.Orders;

/// <summary>REST: orders.</summary>
internal static class OrderEndpoints
{
    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/v1/orders").WithTags("Orders").RequireAuthorization(Policies.User);
        orders.MapPost("", Place).Refuses(
            ErrorCodes.NoSuchUser, ErrorCodes.NoSuchProduct, ErrorCodes.NotEnoughStock, ErrorCodes.ProductOffSale,
            ErrorCodes.KeyReused);
        orders.MapGet("/{id}", Get).Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchOrder);
        orders.MapGet("", List);
        orders.MapGet("/{id}/events", Events).Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchOrder)
            .WithMetadata(new StreamEndpoint()).Produces<OrderAnswer>(contentType: "text/event-stream")
            .Produces(StatusCodes.Status204NoContent);
        orders.MapPost("/{id}/cancel", Cancel).Refuses(
            ErrorCodes.Forbidden, ErrorCodes.NoSuchOrder, ErrorCodes.OrderStatusForbids, ErrorCodes.KeyReused);
    }

    /// <summary>Place an order</summary>
    /// <remarks>
    /// Prices and amount are the server's. With wait=true (default) the answer comes when every branch of the order's saga is
    /// known to be done; with wait=false as soon as its intent is durable, and the order then shows in the list under the gid.
    /// </remarks>
    /// <param name="body" example='{"items": [{"productId": 1, "quantity": 2}]}'>What to order.</param>
    /// <param name="wait">Whether to wait for the outcome.</param>
    /// <response code="201">Placed.</response>
    /// <response code="202">On its way.</response>
    internal static async Task<Placed> Place(
        Caller caller, [IdempotencyKey] string? key, Body<PlaceOrderInput> body, OrderDesk desk, Patience patience,
        bool wait = true)
    {
        if (!wait)
        {
            var gid = await desk.Submit(caller, body.Value, key, patience);
            return new Accepted<SubmittedAnswer>(gid.As(gid => new SubmittedAnswer(gid)), "/v1/orders");
        }

        var order = await desk.Place(caller, body.Value, key, patience);
        return new Created<OrderAnswer>(order.As(OrderAnswer.Of), order => $"/v1/orders/{order.Id}");
    }

    /// <summary>Look at an order</summary>
    /// <remarks>For its user only.</remarks>
    /// <param name="id">The order.</param>
    /// <response code="200">The order.</response>
    internal static async Task<Ok<OrderAnswer>> Get(Caller caller, long id, OrderDesk desk, Patience patience) =>
        (await desk.Get(caller, id, patience)).As(OrderAnswer.Of);

    /// <summary>Watch an order</summary>
    /// <remarks>
    /// Server-sent events: the order now, then the order whenever its status has changed, about a second later at most. The
    /// stream ends when the order is closed, refunded or void; a client that comes again with the Last-Event-ID of that gets 204.
    /// For its user only.
    /// </remarks>
    /// <param name="id">The order.</param>
    /// <response code="200">Events, each the order as GET shows it.</response>
    internal static async Task<IResult> Events(
        Caller caller, long id, HttpRequest request, OrderDesk desk, OrderWatch watch, Patience patience)
    {
        var order = await desk.Get(caller, id, patience);
        var hasSeenTheEnd = order.Value is { Status: not (OrderStatus.Created or OrderStatus.Paid) } ended
            && request.Headers["Last-Event-ID"] == IdOf(ended.Status);
        return hasSeenTheEnd
            ? new NoContent(null)
            : new EventStream<OrderAnswer>(order.As(order => watch.Follow(order, default)
                .Select(order => new SseItem<OrderAnswer>(OrderAnswer.Of(order)) { EventId = IdOf(order.Status) })));
    }

    private static string IdOf(int status) => status.ToString(CultureInfo.InvariantCulture);

    /// <summary>Cancel an order</summary>
    /// <remarks>
    /// One that waits for its payment: it is closed and its stock is back when this is answered. Again it gives the same answer.
    /// </remarks>
    /// <param name="id">The order.</param>
    /// <response code="200">The order, closed.</response>
    internal static async Task<Ok<OrderAnswer>> Cancel(
        Caller caller, long id, [IdempotencyKey] string? key, OrderDesk desk, Patience patience) =>
        (await desk.Cancel(caller, id, key, patience)).As(OrderAnswer.Of);

    /// <summary>List my orders</summary>
    /// <remarks>
    /// In the order in which they were placed. Who goes on with next, and later with cursor, sees each order once and misses
    /// none; one may be held back for a moment, while another that comes before it is being placed. New first shows all there
    /// are.
    /// </remarks>
    /// <param name="status">Only orders of this status: 0, 1, 2, 3 or 9.</param>
    /// <param name="gid">Only the order of this saga.</param>
    /// <param name="after">The next or the cursor of a page before; absent for the first page.</param>
    /// <param name="limit">How many.</param>
    /// <param name="order">Which come first: old or new.</param>
    /// <response code="200">A page.</response>
    internal static async Task<Ok<OrderPageAnswer>> List(
        Caller caller, OrderDesk desk, Patience patience, [Range(0, OrderStatus.Void)] int? status, string? gid, string? after,
        [Range(1, Paging.MaxLimit)] int limit = Paging.DefaultLimit, string order = "old")
    {
        if (order is not ("old" or "new"))
            throw new ProblemException(Problem.BadField("order", "must be old or new"));
        return new(OrderPageAnswer.Of(await desk.List(caller, status, gid, after, limit, order == "new", patience)));
    }
}
