using System.Collections.Concurrent;
using System.Net;

namespace Mall.Tests.Installations;

/// <summary>Somebody with a shop, who puts products on sale and brings in more of them, and keeps count.</summary>
public sealed class Seller : IDisposable
{
    private readonly Door _door;
    private readonly ConcurrentDictionary<long, long> _supplied = [];
    private int _deliveries;

    private Seller(Door door) => _door = door;

    /// <summary>Of each product, all that ever came in: its stock at the start and every acknowledged delivery.</summary>
    public IReadOnlyDictionary<long, long> Supplied => _supplied;

    /// <summary>Registers, opens a shop and puts products on sale.</summary>
    /// <param name="stocks">One product each.</param>
    public static async Task<Seller> OpenShopAsync(
        IPremises mall, IEnumerable<long> stocks, CancellationToken cancellationToken)
    {
        const string mobile = "13900000000";
        var seller = new Seller(await Accounts.SignUpAsync(mall, mobile, cancellationToken));
        var shop = await seller._door.PostAsync("v1/shops", new { name = "Corner shop" }, null, cancellationToken);
        Assert.Equal(HttpStatusCode.Created, shop.Status);
        await Accounts.SignInAsync(seller._door, mobile, cancellationToken); // as a seller now
        foreach (var stock in stocks)
            await seller.PutOnSaleAsync(stock, cancellationToken);
        return seller;
    }

    /// <summary>Brings in more of a product; repeats under one key until it is acknowledged. Several may be under way.</summary>
    public async Task BringInAsync(long productId, long pieces, CancellationToken cancellationToken)
    {
        var key = $"delivery-{Interlocked.Increment(ref _deliveries)}";
        var body = new { delta = pieces };
        var answer = await _door.PostUntilAnsweredAsync($"v1/products/{productId}/stock", body, key, cancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        _supplied.AddOrUpdate(productId, pieces, (_, before) => before + pieces);
    }

    /// <summary>
    /// Brings in a few pieces of some products now and then, so that orders of them may be accepted or refused.
    /// </summary>
    public async Task DeliverAsync(IReadOnlyList<long> products, Random random, CancellationToken closing, CancellationToken stop)
    {
        while (!closing.IsCancellationRequested)
        {
            await BringInAsync(products[random.Next(products.Count)], random.NextInt64(1, 8), stop);
            await Task.Delay(random.Next(100), stop);
        }
    }

    public void Dispose() => _door.Dispose();

    private async Task PutOnSaleAsync(long stock, CancellationToken cancellationToken)
    {
        var body = new { name = $"Product with {stock}", stock, price = 250 };
        var product = await _door.PostAsync("v1/products", body, null, cancellationToken);
        Assert.Equal(HttpStatusCode.Created, product.Status);
        _supplied[product.Body.GetProperty("id").GetInt64()] = stock;
    }
}
