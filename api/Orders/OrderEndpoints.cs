using Mall.Orders;

namespace Mall.Api.Orders;

/// <summary>REST: orders.</summary>
internal sealed class OrderEndpoints(OrderDesk desk, Clock clock)
{
    public void Map(RestRoutes orders)
    {
        orders.User("POST", "", Place)
            .Says(
                "Place an order",
                "Prices and amount are the server's. With wait=true (default) the answer comes when the order's saga has ended; "
                + "with wait=false as soon as its intent is durable, and the order then shows in the list under the gid.")
            .Query("wait", "boolean", "Whether to wait for the outcome; default true.")
            .Takes<PlaceOrderInput>("""{"items": [{"productId": 1, "quantity": 2}]}""").TakesIdempotencyKey()
            .Gives<OrderAnswer>(201, "Placed.")
            .Gives<SubmittedAnswer>(202, "On its way.")
            .Refuses(
                ErrorCodes.NoSuchUser, ErrorCodes.NoSuchProduct, ErrorCodes.NotEnoughStock, ErrorCodes.ProductOffSale,
                ErrorCodes.KeyReused);

        orders.User("GET", "/{id}", Get)
            .Says("Look at an order", "For its user only.")
            .Path("id", "integer", "The order.")
            .Gives<OrderAnswer>(200, "The order.")
            .Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchOrder);

        orders.User("GET", "", List)
            .Says("List my orders", "By id, ascending.")
            .Query("status", "integer", "Only orders of this status: 0, 1, 2, 3 or 9.")
            .Pages("id")
            .Gives<OrderPageAnswer>(200, "A page.");
    }

    private async Task Place(HttpContext http, Caller caller)
    {
        var wait = http.QueryFlag("wait", absent: true);
        var key = http.IdempotencyKey();
        var input = await http.ReadBody(ApiJson.Default.PlaceOrderInput);
        if (wait)
        {
            var order = await desk.Place(caller, input, key, clock.Patience(http));
            http.AnswerCreated(order, "/v1/orders/", order.Value?.Id, OrderAnswer.Of, ApiJson.Default.OrderAnswer);
        }
        else
        {
            var gid = await desk.Submit(caller, input, key, clock.Patience(http));
            if (!gid.IsRefused)
                http.Response.Headers.Location = "/v1/orders";
            http.Answer(gid, static gid => new(gid), ApiJson.Default.SubmittedAnswer, StatusCodes.Status202Accepted);
        }
    }

    private async Task Get(HttpContext http, Caller caller) => http.Answer(
        await desk.Get(caller, http.PathId(), clock.Patience(http)), OrderAnswer.Of, ApiJson.Default.OrderAnswer);

    private async Task List(HttpContext http, Caller caller)
    {
        var status = (int?)http.QueryNumber("status", 0, OrderStatus.Void);
        var after = http.QueryNumber("after", 0, long.MaxValue) ?? 0;
        var page = await desk.List(caller, status, after, http.QueryLimit(), clock.Patience(http));
        http.Answer(OrderPageAnswer.Of(page), ApiJson.Default.OrderPageAnswer);
    }
}
