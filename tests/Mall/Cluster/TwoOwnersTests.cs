using Mall.Products;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>Two silos that both believe to own one product. Membership may be wrong, the ledger never.</summary>
public sealed class TwoOwnersTests
{
    private const int Stock = 50;
    private const int Buyers = 120;

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Product_WithTwoOwners_IsNotOversold_AndTheLoserStartsOver(DatabaseKind kind)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(kind);
        var ct = TestContext.Current.CancellationToken;
        var address = await server.CreateDatabaseAsync("two_owners", ct);
        await using var one = await TestMall.OpenAsync(database: address);
        await using var two = await TestMall.OpenAsync(database: address);
        var productId = await one.SellAsync(await one.RegisterAsync(), Stock);

        var conflicts = 0;

        // The third buyer meets an owner whose epoch the second's has passed, whatever the timing; then everybody at once.
        bool[] outcomes = [await BuyAsync(one, 0), await BuyAsync(two, 1), await BuyAsync(one, 2)];
        Assert.True(conflicts > 0, "The owners have not met: that was no test.");
        outcomes =
        [
            .. outcomes,
            .. await Task.WhenAll(Enumerable.Range(3, Buyers - 3).Select(i => BuyAsync(i % 2 == 0 ? one : two, i))),
        ];

        Assert.Equal(Stock, outcomes.Count(isBought => isBought));
        Assert.Equal(
            $"0 {Stock}", (await server.RunSqlAsync("select concat(stock, ' ', sold) from products", "two_owners", ct)).Trim());
        var rows = await server.RunSqlAsync(
            "select count(*) from barrier where gid like 'g%' and op = 'action'", "two_owners", ct);
        Assert.Equal(Stock, int.Parse(rows, System.Globalization.CultureInfo.InvariantCulture));
        // Whoever found the other's epoch has given up its activation and made another: both have come up, together more than
        // once each.
        var epoch = await server.RunSqlAsync("select owner_epoch from products", "two_owners", ct);
        Assert.True(int.Parse(epoch, System.Globalization.CultureInfo.InvariantCulture) > 2);

        async Task<bool> BuyAsync(TestMall mall, int buyer)
        {
            while (true)
            {
                try
                {
                    var product = mall.Grains.GetGrain<IProductGrain>(productId);
                    return (await product.DecrStock(new Branch($"g{buyer}", "02"), 1)).Refusal is null;
                }
                catch (StaleActivationException)
                {
                    Interlocked.Increment(ref conflicts); // Nothing was written; the same branch once more.
                }
            }
        }
    }
}
