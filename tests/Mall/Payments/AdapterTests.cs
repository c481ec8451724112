using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Mall.Api;
using Mall.Signing;
using Mall.Tests.Hosting;

namespace Mall.Tests.Payments;

/// <summary>A provider's adapter behind a webhook: what it is sent, and what happens when it does not answer.</summary>
public sealed class AdapterTests
{
    private const string Key = "the key that mall and adapter share";

    [Fact]
    public async Task Adapter_is_told_signed_and_again_until_it_answers_and_refunds_once()
    {
        await using var adapter = new Adapter();
        await using var mall = await OpenAsync($"webhook:{adapter.Url}");
        var (token, order) = await OrderAsync(mall);

        var payment = await mall.SendAsync("POST", "/v1/payments", $$"""{"orderId":{{order}}}""", token);

        Assert.Equal(HttpStatusCode.Created, payment.Status);
        Assert.Equal("ref-1", payment.Json.GetProperty("providerRef").GetString());
        Assert.Equal("http://pay.test/1", payment.Json.GetProperty("payUrl").GetString());
        var id = payment.Json.GetProperty("id").GetInt64();
        const string callbackUrl = "http://mall.test/v1/payments/callback";
        var told = $$"""{"paymentId":{{id}},"orderId":{{order}},"amount":250,"callbackUrl":"{{callbackUrl}}"}""";
        Assert.Equal([$"/ {told}", $"/ {told}"], adapter.Calls); // The first was answered with 503.

        var body = $$"""{"paymentId":{{id}},"amount":250,"result":"succeeded","providerRef":"ref-1"}""";
        using var callback = WholeMall.Request("POST", "/v1/payments/callback", body);
        var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow);
        callback.Headers.Add(Signatures.TimestampHeader, timestamp);
        callback.Headers.Add(Signatures.SignatureHeader, Signatures.Sign(Key, timestamp, Encoding.UTF8.GetBytes(body)));
        using (var paid = await mall.Client.SendAsync(callback, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.OK, paid.StatusCode);
        adapter.FailNext();
        var refunded = await mall.SendAsync("POST", $"/v1/orders/{order}/refund", token: token);

        Assert.Equal(3, refunded.Json.GetProperty("status").GetInt64());
        Assert.Equal([$"/refund {told}", $"/refund {told}"], adapter.Calls.Skip(2));
        Assert.True(adapter.AllWereSigned);
    }

    [Fact]
    public async Task Without_a_provider_nothing_is_paid()
    {
        await using var mall = await OpenAsync("none");
        var (token, order) = await OrderAsync(mall);

        var refused = await mall.SendAsync("POST", "/v1/payments", $$"""{"orderId":{{order}}}""", token);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, ErrorCodes.NoPaymentProvider), (refused.Status, refused.Code));
        Assert.Equal(HttpStatusCode.NotFound, (await mall.SendAsync("GET", "/sandbox/payments/sandbox-1-0")).Status);
    }

    private static Task<WholeMall> OpenAsync(string payments) => WholeMall.OpenAsync(
        options: new ApiOptions
        {
            TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, PaymentKey = Key, PublicUrl = "http://mall.test",
        },
        settings: ["--payments", payments, "--payment-key", Key]);

    private static async Task<(string Token, long Order)> OrderAsync(WholeMall mall)
    {
        var (_, token) = await mall.RegisterAsync("13600000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var items = $$"""{"items":[{"productId":{{await mall.SellAsync(token, stock: 5)}},"quantity":1}]}""";
        return (token, (await mall.SendAsync("POST", "/v1/orders", items, token)).Json.GetProperty("id").GetInt64());
    }

    /// <summary>It answers its first call, and each after <see cref="FailNext"/>, with 503.</summary>
    private sealed class Adapter : StubAdapter
    {
        private readonly ConcurrentQueue<string> _calls = new();
        private volatile bool _fails = true;

        public bool AllWereSigned { get; private set; } = true;

        public IReadOnlyList<string> Calls => [.. _calls];

        public void FailNext() => _fails = true;

        protected override int Answer(HttpListenerRequest call, byte[] body, long paymentId)
        {
            AllWereSigned &= Signatures.IsGood(
                Key, call.Headers[Signatures.TimestampHeader], call.Headers[Signatures.SignatureHeader], body,
                DateTimeOffset.UtcNow);
            _calls.Enqueue($"{call.Url!.AbsolutePath} {Encoding.UTF8.GetString(body)}");
            (var fails, _fails) = (_fails, false);
            return fails ? 503 : 200;
        }
    }
}
