using System.Globalization;
using System.Text;
using Mall.Api;
using Mall.Signing;
using Mall.Tests.Hosting;

namespace Mall.Tests.Payments;

/// <summary>A whole mall with the sandbox, a seller's product, and a customer; and a provider's pen to sign with.</summary>
public sealed class PaymentMall : IAsyncLifetime
{
    public const string Key = "the key of a provider that lives for one test";

    private int _people = 50;

    public WholeMall Mall { get; private set; } = null!;

    public string Seller { get; private set; } = "";

    /// <summary>1,000 in stock at 250 each.</summary>
    public long Product { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Mall = await WholeMall.OpenAsync(options: new ApiOptions
        {
            TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, PaymentKey = Key, ServesSandbox = true,
        }, settings: ["--payment-key", Key]);
        Seller = (await Mall.RegisterAsync("13600000001")).Token;
        await Mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", Seller);
        Product = await Mall.SellAsync(Seller, stock: 1000);
    }

    public async Task<string> CustomerAsync() => (await Mall.RegisterAsync($"136000000{_people++}")).Token;

    public async Task<long> OrderAsync(string token, int quantity = 1)
    {
        var json = $$"""{"items":[{"productId":{{Product}},"quantity":{{quantity}}}]}""";
        return (await Mall.SendAsync("POST", "/v1/orders", json, token)).Json.GetProperty("id").GetInt64();
    }

    public Task<Answer> PayAsync(string token, long order, string? key = null) =>
        Mall.SendAsync("POST", "/v1/payments", $$"""{"orderId":{{order}}}""", token, key);

    public async Task<long> StatusAsync(string path, string token) =>
        (await Mall.SendAsync("GET", path, token: token)).Json.GetProperty("status").GetInt64();

    public async Task<long> PointsAsync(string token) =>
        (await Mall.SendAsync("GET", "/v1/users/me", token: token)).Json.GetProperty("points").GetInt64();

    public static string Report(long payment, long amount, string result = "succeeded") =>
        $$"""
        {"paymentId":{{payment}},"amount":{{amount}},"result":"{{result}}","providerRef":"r","paidAt":"2026-01-31T12:00:00Z"}
        """;

    public async Task<Answer> CallBackAsync(string body, string key = Key, TimeSpan age = default, string? signature = null)
    {
        using var request = WholeMall.Request("POST", "/v1/payments/callback", body);
        var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow - age);
        request.Headers.Add(Signatures.TimestampHeader, timestamp);
        request.Headers.Add(
            Signatures.SignatureHeader, signature ?? Signatures.Sign(key, timestamp, Encoding.UTF8.GetBytes(body)));
        using var response = await Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }

    public ValueTask DisposeAsync() => Mall.DisposeAsync();
}
