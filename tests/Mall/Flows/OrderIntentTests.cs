using System.Text.Json;
using Mall.Orders;
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
        var mall = await TestMall.OpenAsync();
        var (first, place) = await PlaceAsync(mall, isWhole);
        await mall.CloseAsync(); // The saga's activation, too, which knows its intent.

        await mall.ChangeAsync(
            "update orders set status = 3, paid_time = 5, close_time = 7, update_time = 9, reason = '9 No.', is_hidden = 1");
        await mall.ChangeAsync("update products set name = 'Other', price = 999");

        await using var later = await TestMall.OpenAsync(folder: mall.Folder);
        Assert.Equal(["null"], await later.SqlAsync("select payload from sagas where kind = 'order'"));
        Assert.Equal(first, Text(await place(later)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Order_whose_saga_an_older_version_has_written_is_read_from_its_payload(bool isWhole)
    {
        var mall = await TestMall.OpenAsync();
        var (first, place) = await PlaceAsync(mall, isWhole);
        await mall.CloseAsync();
        var older = JsonSerializer.Serialize(
            JsonSerializer.Deserialize<OrderView>(first)! with { Amount = 4 }, JsonSerializerOptions.Web);

        await mall.ChangeAsync($"update sagas set payload = '{older}' where kind = 'order'");

        await using var later = await TestMall.OpenAsync(folder: mall.Folder);
        Assert.Equal(4, (await place(later)).Amount);
    }

    private static async Task<(string First, Func<TestMall, Task<OrderView>> Place)> PlaceAsync(TestMall mall, bool isWhole)
    {
        var user = await mall.RegisterAsync();
        var line = new OrderLine(await mall.SellAsync(user, stock: 5), 2);
        return (Text(await Place(mall)), Place);

        async Task<OrderView> Place(TestMall on) =>
            (await (isWhole ? on.PlaceWholeAsync("g1", user, line) : on.PlaceAsync("g1", user, line))).Value!;
    }

    private static string Text(OrderView order) => JsonSerializer.Serialize(order);
}
