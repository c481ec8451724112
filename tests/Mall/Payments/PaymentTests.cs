using System.Net;
using System.Text;
using Google.Protobuf;
using Mall.Signing;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;

namespace Mall.Tests.Payments;

/// <summary>What customers and providers do about payments, at both doors, with exactly the fields of the contract.</summary>
public sealed class PaymentTests(PaymentMall payments) : IClassFixture<PaymentMall>
{
    private static readonly string[] s_fields = ["id", "orderId", "amount", "status", "payUrl", "providerRef"];

    private WholeMall Mall => payments.Mall;

    [Fact]
    public async Task Payment_is_made_once_for_an_order_and_paid_once()
    {
        var token = await payments.CustomerAsync();
        var order = await payments.OrderAsync(token, quantity: 3);

        var made = await payments.PayAsync(token, order, "pay-1");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        Assert.Equal(s_fields, made.Json.EnumerateObject().Select(field => field.Name));
        Assert.Equal((order, 750, 0), (Number(made, "orderId"), Number(made, "amount"), Number(made, "status")));
        var path = made.Headers["Location"];
        var again = await payments.PayAsync(token, order);
        Assert.Equal((HttpStatusCode.OK, made.Body), (again.Status, again.Body));
        Assert.Equal(made.Body, (await Mall.SendAsync("GET", path, token: token)).Body);

        var report = PaymentMall.Report(Number(made, "id"), 750);
        for (var i = 0; i < 2; i++) Assert.Equal(HttpStatusCode.OK, (await payments.CallBackAsync(report)).Status);

        Assert.Equal((1, 1), (await payments.StatusAsync(path, token), await payments.StatusAsync($"/v1/orders/{order}", token)));
        Assert.Equal(10 + 7, await payments.PointsAsync(token));
        Assert.Equal("2026-01-31T12:00:00Z", Text(await Mall.SendAsync("GET", $"/v1/orders/{order}", token: token), "paidAt"));

        // Nothing undoes a success; and its first request's key gives its first answer still.
        Assert.Equal(1, Number(await payments.CallBackAsync(PaymentMall.Report(Number(made, "id"), 750, "failed")), "status"));
        var replay = await payments.PayAsync(token, order, "pay-1");
        Assert.Equal((HttpStatusCode.Created, made.Body), (replay.Status, replay.Body));
        var other = await payments.PayAsync(token, await payments.OrderAsync(token), "pay-1");
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.KeyReused), (other.Status, other.Code));
    }

    [Fact]
    public async Task Payment_that_failed_is_waiting_again_and_may_still_succeed()
    {
        var token = await payments.CustomerAsync();
        var order = await payments.OrderAsync(token);
        var payment = Number(await payments.PayAsync(token, order), "id");

        Assert.Equal(2, Number(await payments.CallBackAsync(PaymentMall.Report(payment, 250, "failed")), "status"));
        Assert.Equal(0, await payments.StatusAsync($"/v1/orders/{order}", token));
        var again = await payments.PayAsync(token, order);
        Assert.Equal((HttpStatusCode.OK, payment, 0), (again.Status, Number(again, "id"), Number(again, "status")));
        await payments.CallBackAsync(PaymentMall.Report(payment, 250, "failed"));

        Assert.Equal(1, Number(await payments.CallBackAsync(PaymentMall.Report(payment, 250)), "status"));
        Assert.Equal(1, await payments.StatusAsync($"/v1/orders/{order}", token));
    }

    [Fact]
    public async Task Payment_of_another_or_of_what_is_not_to_be_paid_is_refused()
    {
        var (token, stranger) = (await payments.CustomerAsync(), await payments.CustomerAsync());
        var order = await payments.OrderAsync(token);
        Refused(HttpStatusCode.Forbidden, ErrorCodes.Forbidden, await payments.PayAsync(stranger, order));
        Refused(HttpStatusCode.NotFound, ErrorCodes.NoSuchOrder, await payments.PayAsync(token, 999_999));
        var payment = Number(await payments.PayAsync(token, order), "id");
        Refused(
            HttpStatusCode.Forbidden, ErrorCodes.Forbidden,
            await Mall.SendAsync("GET", $"/v1/payments/{payment}", token: stranger));
        Refused(
            HttpStatusCode.NotFound, ErrorCodes.NoSuchPayment, await Mall.SendAsync("GET", "/v1/payments/999999", token: token));

        await Mall.SendAsync("POST", $"/v1/orders/{order}/cancel", token: token);
        Refused(HttpStatusCode.Conflict, ErrorCodes.OrderStatusForbids, await payments.PayAsync(token, order));
        var refund = await Mall.SendAsync("POST", $"/v1/orders/{order}/refund", token: token);
        Refused(HttpStatusCode.Conflict, ErrorCodes.OrderStatusForbids, refund);
    }

    [Fact]
    public async Task Callback_that_is_forged_old_or_of_another_amount_changes_nothing()
    {
        var token = await payments.CustomerAsync();
        var payment = Number(await payments.PayAsync(token, await payments.OrderAsync(token)), "id");
        var report = PaymentMall.Report(payment, 250);

        Refused(HttpStatusCode.Unauthorized, ErrorCodes.BadSignature, await payments.CallBackAsync(report, key: "another key"));
        Refused(
            HttpStatusCode.Unauthorized, ErrorCodes.BadSignature,
            await payments.CallBackAsync(report, age: TimeSpan.FromSeconds(310)));
        Refused(
            HttpStatusCode.Unauthorized, ErrorCodes.BadSignature,
            await payments.CallBackAsync(report, age: TimeSpan.FromSeconds(-310)));
        Refused(HttpStatusCode.Unauthorized, ErrorCodes.BadSignature, await payments.CallBackAsync("{}", signature: "sha256="));
        Refused(
            HttpStatusCode.Unauthorized, ErrorCodes.BadSignature, await Mall.SendAsync("POST", "/v1/payments/callback", report));
        Assert.InRange(Mall.Log.Warnings.Count(line => line.Contains("signature", StringComparison.Ordinal)), 1, 2);
        Refused(
            HttpStatusCode.Conflict, ErrorCodes.AmountDiffers, await payments.CallBackAsync(PaymentMall.Report(payment, 249)));
        Assert.Contains(Mall.Log.Errors, line => line.StartsWith($"Payment {payment} of order", StringComparison.Ordinal));
        Refused(
            HttpStatusCode.NotFound, ErrorCodes.NoSuchPayment, await payments.CallBackAsync(PaymentMall.Report(999_999, 250)));
        Refused(
            HttpStatusCode.BadRequest, ErrorCodes.BadParameter,
            await payments.CallBackAsync(PaymentMall.Report(payment, 250, "perhaps")));
        Assert.Equal(0, await payments.StatusAsync($"/v1/payments/{payment}", token));
    }

    [Fact]
    public async Task Refund_gives_money_stock_and_points_back_once()
    {
        var token = await payments.CustomerAsync();
        var product = $"/v1/products/{payments.Product}";
        var stock = Number(await Mall.SendAsync("GET", product), "stock");
        var order = await payments.OrderAsync(token, quantity: 2);
        var payment = Number(await payments.PayAsync(token, order), "id");
        Refused(
            HttpStatusCode.Conflict, ErrorCodes.OrderStatusForbids,
            await Mall.SendAsync("POST", $"/v1/orders/{order}/refund", token: token));
        await payments.CallBackAsync(PaymentMall.Report(payment, 500));
        Assert.Equal((stock - 2, 15), (Number(await Mall.SendAsync("GET", product), "stock"), await payments.PointsAsync(token)));

        var stranger = await payments.CustomerAsync();
        Refused(
            HttpStatusCode.Forbidden, ErrorCodes.Forbidden,
            await Mall.SendAsync("POST", $"/v1/orders/{order}/refund", token: stranger));
        var refunded = await Mall.SendAsync("POST", $"/v1/orders/{order}/refund", token: token, key: "refund-1");
        Assert.Equal((HttpStatusCode.OK, 3), (refunded.Status, Number(refunded, "status")));
        foreach (var key in (string?[])["refund-1", "refund-2", null])
        {
            var again = await Mall.SendAsync("POST", $"/v1/orders/{order}/refund", token: token, key: key);
            Assert.Equal((HttpStatusCode.OK, refunded.Body), (again.Status, again.Body));
        }

        Refused(HttpStatusCode.Conflict, ErrorCodes.KeyReused, await payments.PayAsync(token, order, "refund-1"));
        Assert.Equal(3, await payments.StatusAsync($"/v1/payments/{payment}", token));
        Assert.Equal((stock, 10), (Number(await Mall.SendAsync("GET", product), "stock"), await payments.PointsAsync(token)));
        Assert.Equal(3, Number(await payments.CallBackAsync(PaymentMall.Report(payment, 500)), "status"));
    }

    [Fact]
    public async Task Payment_after_the_order_has_closed_is_given_back_by_itself()
    {
        var token = await payments.CustomerAsync();
        var order = await payments.OrderAsync(token);
        var payment = Number(await payments.PayAsync(token, order), "id");
        await Mall.SendAsync("POST", $"/v1/orders/{order}/cancel", token: token);

        Assert.Equal(1, Number(await payments.CallBackAsync(PaymentMall.Report(payment, 250)), "status"));

        await TestMall.EventuallyAsync(
            async () => await payments.StatusAsync($"/v1/payments/{payment}", token) == 3, "the payment is refunded");
        Assert.Equal((2, 10), (await payments.StatusAsync($"/v1/orders/{order}", token), await payments.PointsAsync(token)));
    }

    [Fact]
    public async Task Payments_over_gRPC_are_the_same()
    {
        var token = await payments.CustomerAsync();
        var order = await payments.OrderAsync(token);
        var made = await CallAsync<V1.Payment>("Payments/Create", new V1.CreatePaymentRequest { OrderId = order }, token);
        var body = PaymentMall.Report(made.Id, 250);
        var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow);
        var callback = new V1.PaymentCallbackRequest
        {
            Body = ByteString.CopyFromUtf8(body), Timestamp = timestamp,
            Signature = Signatures.Sign(PaymentMall.Key, timestamp, Encoding.UTF8.GetBytes(body)),
        };

        var old = new V1.PaymentCallbackRequest(callback) { Timestamp = "1" };
        var forged = await Mall.CallAsync("/mall.v1.Payments/Callback", old);
        Assert.Equal((16, ErrorCodes.BadSignature), (forged.Status, forged.Code));
        Assert.Equal(V1.PaymentStatus.Succeeded, (await CallAsync<V1.Payment>("Payments/Callback", callback)).Status);
        Assert.Equal(
            V1.PaymentStatus.Succeeded,
            (await CallAsync<V1.Payment>("Payments/Get", new V1.GetPaymentRequest { Id = made.Id }, token)).Status);
        Assert.Equal(
            V1.OrderStatus.Refunded,
            (await CallAsync<V1.Order>("Orders/Refund", new V1.RefundOrderRequest { Id = order }, token)).Status);
    }

    private async Task<T> CallAsync<T>(string method, IMessage message, string? token = null) where T : IMessage<T>, new()
    {
        var answer = await Mall.CallAsync($"/mall.v1.{method}", message, token);
        Assert.Equal(0, answer.Status);
        return answer.Read<T>();
    }

    private static void Refused(HttpStatusCode status, int code, Answer answer) =>
        Assert.Equal((status, code), (answer.Status, answer.Code));

    private static long Number(Answer answer, string field) => answer.Json.GetProperty(field).GetInt64();

    private static string Text(Answer answer, string field) => answer.Json.GetProperty(field).GetString()!;
}
