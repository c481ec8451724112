using System.Globalization;
using Mall.Tests.FrontDoor.BadRequests;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor;

/// <summary>
/// One mall for all tests that knock at its doors, with a seller, a product and a customer. They run one after the other, so
/// that a test can say of the whole database that nothing in it has changed.
/// </summary>
public sealed class FrontDoorMall : IAsyncLifetime
{
    public WholeMall Mall { get; private set; } = null!;

    public (long Id, string Token) Seller { get; private set; }

    public (long Id, string Token) Customer { get; private set; }

    /// <summary>Of the seller; 5 in stock at 250 each.</summary>
    public long ProductId { get; private set; }

    public long ShopId { get; private set; }

    /// <summary>Of the customer.</summary>
    public long OrderId { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Mall = await WholeMall.OpenAsync();
        Seller = await Mall.RegisterAsync("13800000001");
        Customer = await Mall.RegisterAsync("13800000002");
        var shop = await Mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", Seller.Token);
        ShopId = shop.Json.GetProperty("id").GetInt64();
        ProductId = await Mall.SellAsync(Seller.Token, stock: 6);
        var items = Fill("""{"items":[{"productId":$product,"quantity":1}]}""");
        var order = await Mall.SendAsync("POST", "/v1/orders", items, Customer.Token);
        OrderId = order.Json.GetProperty("id").GetInt64();
    }

    /// <summary>Of the customer; for who makes one.</summary>
    public long PaymentId { get; set; }

    /// <summary>Puts the ids of this mall into a text: $product, $shop, $order.</summary>
    public string Fill(string text) => text
        .Replace("$product", ProductId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$shop", ShopId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("$order", OrderId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    public string? Token(As who) => who switch
    {
        As.Customer => Customer.Token,
        As.Seller => Seller.Token,
        As.Operator => Jwt.Operator,
        _ => null,
    };

    public ValueTask DisposeAsync() => Mall.DisposeAsync();
}

[CollectionDefinition(nameof(FrontDoorMall))]
public sealed class FrontDoorMallCollection : ICollectionFixture<FrontDoorMall>;
