using System.Net;
using System.Text;
using Mall.Payments;
using Mall.Signing;
using Mall.Tests.FrontDoor.Contract;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Payments;

/// <summary>An order is paid and refunded, with the key that the mall has made for itself, on each database.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class EveryDatabaseTests(EveryDatabase databases)
{
    public static TheoryData<string> Databases => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Order_is_paid_and_refunded(string database)
    {
        var mall = await databases.OnAsync(database);
        var token = await mall.SellerAsync();
        var product = await mall.Whole.SellAsync(token, stock: 5, price: 1250);
        var items = $$"""{"items":[{"productId":{{product}},"quantity":2}]}""";
        var order = (await mall.SendAsync("POST /v1/orders", items, token)).Json.GetProperty("id").GetInt64();
        var payment = (await mall.SendAsync("POST /v1/payments", $$"""{"orderId":{{order}}}""", token, "pay")).Json
            .GetProperty("id").GetInt64();

        var body = $$"""{"paymentId":{{payment}},"amount":2500,"result":"succeeded","providerRef":"r"}""";
        using var callback = WholeMall.Request("POST", "/v1/payments/callback", body);
        var key = await mall.Whole.Services.GetRequiredService<IGrainFactory>().GetGrain<IPaymentKeyGrain>(0).Get();
        var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow);
        callback.Headers.Add(Signatures.TimestampHeader, timestamp);
        callback.Headers.Add(Signatures.SignatureHeader, Signatures.Sign(key, timestamp, Encoding.UTF8.GetBytes(body)));
        using var paid = await mall.Whole.Client.SendAsync(callback, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, paid.StatusCode);
        Assert.Equal(10 + 25, await PointsAsync());
        var refunded = await mall.SendAsync($"POST /v1/orders/{order}/refund", token: token, key: "refund");
        Assert.Equal(3, refunded.Json.GetProperty("status").GetInt64());
        Assert.Equal(10, await PointsAsync());
        var stock = await mall.SendAsync($"GET /v1/products/{product}");
        Assert.Equal(5, stock.Json.GetProperty("stock").GetInt64());

        async Task<long> PointsAsync() =>
            (await mall.SendAsync("GET /v1/users/me", token: token)).Json.GetProperty("points").GetInt64();
    }
}
