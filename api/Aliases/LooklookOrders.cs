using System.Text.Json.Nodes;
using Mall.Api.Payments;
using Mall.Signing;

namespace Mall.Api.Aliases;

/// <summary>The paths of go-zero-looklook: orders, a piece a night, and payments.</summary>
internal static partial class LooklookEndpoints
{
    private const int All = -99;
    private const int Cancelled = -1;
    private const string SignType = "HMAC-SHA256";
    private static readonly string[] s_extras =
        ["isFood", "liveStartTime", "liveEndTime", "livePeopleNum", "remark"]; // What is kept of a request.

    private static readonly TimeSpan s_night = TimeSpan.FromDays(1);

    private static void MapOrders(Action<string, Func<AliasCall, Task<JsonNode>>, bool> map)
    {
        map("/order/v1/homestayOrder/createHomestayOrder", CreateOrder, false);
        map("/order/v1/homestayOrder/userHomestayOrderList", OrderList, false);
        map("/order/v1/homestayOrder/userHomestayOrderDetail", OrderDetail, false);
        map("/payment/v1/thirdPayment/thirdPaymentWxPay", Pay, false);
    }

    private static async Task<JsonNode> Callback(AliasCall call)
    {
        var headers = call.Http.Request.Headers;
        var payment = await call.Get<PaymentDesk>().Callback(
            new ReadOnlySequence<byte>(call.Input.Bytes), headers[Signatures.TimestampHeader],
            headers[Signatures.SignatureHeader], call.Patience);
        payment.OrRefuse();
        return new JsonObject { ["return_code"] = "SUCCESS" };
    }

    private static async Task<JsonNode> CreateOrder(AliasCall call)
    {
        var input = call.Input;
        var seconds = (input.Number("liveEndTime") ?? 0) - (input.Number("liveStartTime") ?? 0);
        if (seconds < 0)
            throw AliasInput.Bad("liveEndTime", "must not be before liveStartTime");
        var remark = input.Text("remark") ?? "";
        var checks = new FieldChecks();
        checks.Text("remark", remark, 0, ProductDesk.MaxDesc, multiline: true);
        checks.ThrowIfAny();
        var extras = new JsonObject
        {
            ["isFood"] = input.Flag("isFood"), ["liveStartTime"] = input.Number("liveStartTime") ?? 0,
            ["liveEndTime"] = input.Number("liveEndTime") ?? 0, ["livePeopleNum"] = input.Number("livePeopleNum") ?? 0,
            ["remark"] = remark,
        };
        var nights = Math.Max(1, seconds / (long)s_night.TotalSeconds);
        if (nights > OrderDesk.MaxQuantity)
            throw AliasInput.Bad("liveEndTime", $"must be at most {OrderDesk.MaxQuantity} days after liveStartTime");
        var order = new PlaceOrderInput([new OrderLineInput(input.Id("homestayId"), nights)]);
        var placed = await call.Get<OrderDesk>().Place(call.Caller, order, null, call.Patience, extras.ToJsonString());
        return new JsonObject { ["orderSn"] = placed.OrRefuse().Gid };
    }

    private static async Task<JsonNode> OrderList(AliasCall call)
    {
        var state = call.Input.Has("tradeState") ? call.Input.From("tradeState", All, OrderStatus.Refunded) : All;
        var orders = await AliasRoutes.Orders(call);
        var asked = orders.Where(order => state == All || StateOf(order) == state);
        return List(Behind(call.Input, asked, order => order.Id), Shape);
    }

    private static async Task<JsonNode> OrderDetail(AliasCall call) => Shape(await Order(call, "sn"));

    private static async Task<OrderView> Order(AliasCall call, string field)
    {
        var checks = new FieldChecks();
        var sn = checks.Text(field, call.Input.Text(field), 1, SagaDesk.MaxGid);
        checks.ThrowIfAny();
        var page = await call.Get<OrderDesk>().List(call.Caller, null, sn, null, 1, newestFirst: false, call.Patience);
        return page.Items.Length > 0
            ? page.Items[0]
            : throw new ProblemException(Problem.Of(ErrorCodes.NoSuchOrder, "You have no such order."));
    }

    private static JsonObject Shape(OrderView order)
    {
        var (item, extras) = (order.Items[0], JsonNode.Parse(order.Extras ?? "{}")!);
        var shape = new JsonObject
        {
            ["id"] = order.Id, ["sn"] = order.Gid, ["userId"] = order.UserId, ["homestayId"] = item.ProductId,
            ["title"] = item.Name, ["homestayPrice"] = item.Price, ["homestayTotalPrice"] = order.Amount,
            ["orderTotalPrice"] = order.Amount, ["createTime"] = order.CreatedAt.ToUnixTimeSeconds(),
            ["payTime"] = order.PaidAt?.ToUnixTimeSeconds() ?? 0, ["tradeState"] = StateOf(order),
            ["tradeCode"] = TradeCode(order),
        };
        foreach (var name in s_extras)
            shape[name] = extras[name]?.DeepClone();
        shape["remark"] ??= "";
        return shape;
    }

    private static int StateOf(OrderView order) =>
        order.Status is OrderStatus.Closed or OrderStatus.Void ? Cancelled : order.Status;

    /// <summary>
    /// Made when the order is paid, of its gid and of that moment, to the millisecond; so it is the same whenever and wherever it
    /// is asked for, and nothing has to be kept.
    /// </summary>
    private static string TradeCode(OrderView order)
    {
        if (order.PaidAt is not { } paid)
            return "";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"trade code {order.Gid} {paid.ToUnixTimeMilliseconds()}"));
        return Convert.ToHexStringLower(hash.AsSpan(0, 4));
    }

    /// <summary>Opens the payment with whichever provider there is; what a client of WeChat needs is made of that.</summary>
    private static async Task<JsonNode> Pay(AliasCall call)
    {
        var order = await Order(call, "orderSn");
        var opened = await call.Get<PaymentDesk>().Open(call.Caller, new CreatePaymentInput(order.Id), null, call.Patience);
        var payment = opened.OrRefuse().Payment;
        var answer = new JsonObject
        {
            ["appid"] = "mall", ["nonceStr"] = Guid.NewGuid().ToString("N"),
            ["package"] = $"prepay_id={payment.ProviderRef}",
            ["timestamp"] = $"{call.Get<TimeProvider>().GetUtcNow().ToUnixTimeSeconds()}", ["signType"] = SignType,
        };
        var text = string.Join('&', answer.Select(field => $"{field.Key}={field.Value}"));
        var key = await call.Get<CallbackKey>().GetAsync(call.Patience);
        answer["paySign"] = Convert.ToHexStringLower(
            HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text)));
        answer["payUrl"] = payment.PayUrl;
        answer["paymentId"] = payment.Id;
        return answer;
    }
}
