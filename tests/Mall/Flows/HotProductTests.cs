using Mall.Orders;
using Mall.Tests.Hosting;

namespace Mall.Tests.Flows;

/// <summary>Many buyers, few pieces.</summary>
public sealed class HotProductTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sixty_four_buyers_of_fifty_pieces_get_exactly_fifty_orders(bool isWhole)
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 50);

        var placed = await Task.WhenAll(
            Enumerable.Range(0, 64).Select(i => isWhole
                ? mall.PlaceWholeAsync($"g{i}", user, new OrderLine(product, 1))
                : mall.PlaceAsync($"g{i}", user, new OrderLine(product, 1))));

        Assert.Equal(50, placed.Count(p => !p.IsRefused));
        Assert.All(placed.Where(p => p.IsRefused), p => Assert.Equal(ErrorCodes.NotEnoughStock, p.Refusal!.Code));
        Assert.Equal(
            ["0 50", "9 14"], await mall.SqlAsync("select status, count(*) from orders group by status order by status"));
        Assert.Equal(["0 50"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task Buyers_of_three_products_in_opposite_orders_neither_lock_nor_refuse_each_other_for_nothing()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        long[] products = [await mall.SellAsync(user, 50), await mall.SellAsync(user, 50), await mall.SellAsync(user, 50)];

        var placed = await Task.WhenAll(Enumerable.Range(0, 64).Select(i =>
        {
            var lines = products.Select(p => new OrderLine(p, 1));
            return mall.PlaceAsync($"g{i}", user, [.. i % 2 == 0 ? lines : lines.Reverse()]);
        }));

        Assert.Equal(50, placed.Count(p => !p.IsRefused));
        Assert.Equal(
            ["0 50", "9 14"], await mall.SqlAsync("select status, count(*) from orders group by status order by status"));
        Assert.Equal(["0 50"], await mall.SqlAsync("select distinct stock, sold from products"));
        await mall.UntilSqlSaysAsync(["0"], "select count(*) from sagas where status not in ('succeed', 'failed')");
    }
}
