using System.Text.Json;
using Mall.Orders;
using Mall.Products;
using Mall.Tests.Hosting;

namespace Mall.Tests.Flows;

/// <summary>What an order's saga is to do stands in the order's own rows, and is read from them.</summary>
public sealed class OrderIntentTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Order_that_has_changed_since_is_given_to_a_repeat_as_it_was_placed(bool isWhole)
    {
        var (folder, first, order) = await PlaceAsync(isWhole, behind:
        [
            "update orders set status = 3, paid_time = 5, close_time = 7, update_time = 9, reason = '9 No.', is_hidden = 1",
            "update products set name = 'Other', price = 999",
        ]);

        await using var later = await TestMall.OpenAsync(folder: folder);

        Assert.Equal(["null"], await later.SqlAsync("select payload from sagas where kind = 'order'"));
        Assert.Equal(Text(first), Text(await RepeatAsync(later, order)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Order_whose_saga_an_older_version_has_written_is_read_from_its_payload(bool isWhole)
    {
        var (folder, first, order) = await PlaceAsync(isWhole, behind: []);
        await using var later = await TestMall.OpenAsync(folder: folder);
        var older = JsonSerializer.Serialize(first with { Amount = 4 }, JsonSerializerOptions.Web);

        await later.ChangeAsync($"update sagas set payload = '{older}' where kind = 'order'");

        Assert.Equal(4, (await RepeatAsync(later, order)).Amount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Order_that_its_silo_has_left_is_gone_on_with_from_its_rows(bool isWhole)
    {
        const string left = "update sagas set status = 'submitted', finish_time = null, next_time = 1 where kind = 'order'";
        var (folder, first, _) = await PlaceAsync(isWhole, behind: [left]);

        await using var later = await TestMall.OpenAsync(folder: folder);

        await later.UntilSqlSaysAsync(["succeed"], "select status from sagas where kind = 'order'");
        Assert.Equal(1 + first.Items.Length, (await later.BarrierAsync("g1")).Length);
        Assert.All(await later.SqlAsync("select stock, sold from products"), stock => Assert.Equal("3 2", stock));
    }

    /// <summary>Places one in a mall that has ended since, and with it what its activations knew.</summary>
    private static async Task<(string Folder, OrderView First, PlaceOrder Order)> PlaceAsync(bool isWhole, string[] behind)
    {
        var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var lines = new List<OrderLine>();
        for (var i = 0; i < (isWhole ? 1 : 2); i++) lines.Add(new OrderLine(await mall.SellAsync(user, stock: 5, 100 + i), 2));
        var order = new PlaceOrder(user, [.. lines], RequestHash: null, Extras: "kept");
        var first = isWhole
            ? (await mall.Grains.GetGrain<IProductGrain>(lines[0].ProductId).PlaceWhole("g1", order))!.Value!
            : await RepeatAsync(mall, order);
        await mall.CloseAsync();
        foreach (var change in behind) await mall.ChangeAsync(change);
        return (mall.Folder, first, order);
    }

    private static async Task<OrderView> RepeatAsync(TestMall mall, PlaceOrder order) =>
        (await mall.Grains.GetGrain<IOrderSagaGrain>("g1").Place(order)).Value!;

    private static string Text(OrderView order) => JsonSerializer.Serialize(order);
}
