using System.Text.Json.Nodes;
using Mall.Api.Payments;
using Mall.Payments;
using Mall.Signing;

namespace Mall.Api.Aliases;

/// <summary>The paths of the go-zero mall: orders, of one piece of one product each, and payments.</summary>
internal static partial class GoZeroEndpoints
{
    private const string SourceMark = ", source ";

    private static void MapPayments(Action<string, Func<AliasCall, Task<JsonNode>>, bool> map)
    {
        map("/api/pay/create", CreatePayment, false);
        map("/api/pay/detail", PaymentDetail, false);
        map("/api/pay/callback", Callback, true);
    }

    private static async Task<JsonNode> CreateOrder(AliasCall call)
    {
        call.Input.AgreeUser("uid", call.Caller);
        call.Input.Agree("status", OrderStatus.Created);
        var product = call.Input.Id("pid");
        if (call.Input.NotZero("amount") is not null)
            call.Input.Agree("amount", (await call.Get<ProductDesk>().Get(product, call.Patience)).OrRefuse().Price);
        var input = new PlaceOrderInput([new OrderLineInput(product, 1)]);
        return new JsonObject
        {
            ["id"] = (await call.Get<OrderDesk>().Place(call.Caller, input, null, call.Patience)).OrRefuse().Id,
        };
    }

    /// <summary>An order changes its status, as far as it may; what it is of stays as it was placed.</summary>
    private static async Task<JsonNode> UpdateOrder(AliasCall call)
    {
        var order = await Order(call, "id");
        call.Input.Agree("pid", order.Items[0].ProductId);
        call.Input.Agree("amount", order.Amount);
        if (call.Input.Number("status") is { } status && status != order.Status)
        {
            var changed = (status, order.Status) switch
            {
                (OrderStatus.Closed, OrderStatus.Created) =>
                    await call.Get<OrderDesk>().Cancel(call.Caller, order.Id, null, call.Patience),
                (OrderStatus.Refunded, OrderStatus.Paid) =>
                    await call.Get<PaymentDesk>().Refund(call.Caller, order.Id, null, call.Patience),
                _ => Result.Refused(
                    ErrorCodes.OrderStatusForbids, $"Order {order.Id} is {OrderStatus.Text(order.Status)}: not to be {status}."),
            };
            changed.OrRefuse();
        }

        return new JsonObject();
    }

    private static async Task<JsonNode> RemoveOrder(AliasCall call)
    {
        (await call.Get<OrderDesk>().Hide(call.Caller, call.Input.Id("id"), call.Patience)).OrRefuse();
        return new JsonObject();
    }

    private static async Task<JsonNode> OrderDetail(AliasCall call) => Shape(await Order(call, "id"));

    private static async Task<JsonNode> ListOrders(AliasCall call)
    {
        call.Input.AgreeUser("uid", call.Caller);
        var orders = await AliasRoutes.Orders(call);
        return orders.Reverse().ToList(Shape);
    }

    private static JsonObject Shape(OrderView order) => new()
    {
        ["id"] = order.Id, ["uid"] = order.UserId, ["pid"] = order.Items[0].ProductId, ["amount"] = order.Amount,
        ["status"] = order.Status,
    };

    /// <summary>The caller's order that is named by a field; in the name of nobody else.</summary>
    private static async Task<OrderView> Order(AliasCall call, string field)
    {
        call.Input.AgreeUser("uid", call.Caller);
        return (await call.Get<OrderDesk>().Get(call.Caller, call.Input.Id(field), call.Patience)).OrRefuse();
    }

    private static async Task<JsonNode> CreatePayment(AliasCall call)
    {
        var order = await Order(call, "oid");
        call.Input.Agree("amount", order.Amount);
        var opened = await call.Get<PaymentDesk>().Open(call.Caller, new CreatePaymentInput(order.Id), null, call.Patience);
        return new JsonObject { ["id"] = opened.OrRefuse().Payment.Id };
    }

    private static async Task<JsonNode> PaymentDetail(AliasCall call)
    {
        var payment = (await call.Get<PaymentDesk>().Get(call.Caller, call.Input.Id("id"), call.Patience)).OrRefuse();
        return new JsonObject
        {
            ["id"] = payment.Id, ["uid"] = payment.UserId, ["oid"] = payment.OrderId, ["amount"] = payment.Amount,
            ["source"] = ReferenceOf(payment).Source, ["status"] = payment.Status,
        };
    }

    /// <summary>
    /// What the provider calls the payment. How it was paid, a number that this mall has no other use for, stands behind that:
    /// both are what the provider has said last, and change together.
    /// </summary>
    private static (string Reference, long Source) ReferenceOf(PaymentView payment)
    {
        var text = payment.ProviderRef ?? $"payment {payment.Id}";
        var mark = text.LastIndexOf(SourceMark, StringComparison.Ordinal);
        return mark >= 0 && long.TryParse(
            text.AsSpan(mark + SourceMark.Length), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var source)
            ? (text[..mark], source)
            : (text, 0);
    }

    /// <summary>Signed as every callback is; whose payment of what it says it is must be so.</summary>
    private static async Task<JsonNode> Callback(AliasCall call)
    {
        var (desk, headers) = (call.Get<PaymentDesk>(), call.Http.Request.Headers);
        await desk.CheckSignature(
            call.Input.Bytes, headers[Signatures.TimestampHeader], headers[Signatures.SignatureHeader], call.Patience);
        var payment = (await desk.Look(call.Input.Id("id"), call.Patience)).OrRefuse();
        call.Input.Agree("uid", payment.UserId);
        call.Input.Agree("oid", payment.OrderId);
        var reference = ReferenceOf(payment).Reference;
        if (call.Input.NotZero("source") is { } source) reference += SourceMark + source.ToString(CultureInfo.InvariantCulture);
        var report = new PaymentReport(
            payment.Id, call.Input.Number("amount") ?? throw AliasInput.Bad("amount", "is missing"),
            call.Input.Number("status") == PaymentStatus.Succeeded, reference, PaidAt: null);
        (await desk.Report(report, call.Patience)).OrRefuse();
        return new JsonObject();
    }
}
