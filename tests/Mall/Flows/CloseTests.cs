using System.Globalization;
using Mall.Orders;
using Mall.Tests.Hosting;
using Mall.TestServers;

namespace Mall.Tests.Flows;

/// <summary>
/// Orders whose time has come while nobody was there are closed when somebody is. <c>MALL_TEST_CLOSES</c> says how many, 200 when
/// it is not set; the output, how long it took from the start.
/// </summary>
public sealed class CloseTests(ITestOutputHelper output)
{
    private static readonly int s_orders = int.Parse(
        Environment.GetEnvironmentVariable("MALL_TEST_CLOSES") ?? "200", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("SQLite")]
    [InlineData(nameof(DatabaseKind.Postgres))]
    [InlineData(nameof(DatabaseKind.MariaDb))]
    public async Task Orders_due_while_all_were_down_are_closed_and_their_stock_is_back_each_once(string database)
    {
        var server = await ServerAsync(database);
        var address = server is null ? null : await server.CreateDatabaseAsync("closes", TestContext.Current.CancellationToken);
        var mall = await TestMall.OpenAsync(database: address);
        var folder = mall.Folder;
        var user = await mall.RegisterAsync();
        long[] products = [await mall.SellAsync(user, s_orders), await mall.SellAsync(user, s_orders)];
        await Parallel.ForAsync(0, s_orders, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
            Assert.False((await mall.PlaceAsync($"g{i}", user, [.. products.Take(1 + (i % 2)).Select(p => new OrderLine(p, 1))]))
                .IsRefused));
        await UntilAsync("0", "select count(*) from sagas where finish_time is null");
        await mall.CloseAsync();
        await ChangeAsync("update orders set close_time = 1");

        var began = TimeProvider.System.GetTimestamp();
        await using var later = await TestMall.OpenAsync(folder: folder, database: address);
        await UntilAsync("0", "select count(*) from orders where status <> 2 or close_time is not null");
        await UntilAsync("0", "select count(*) from sagas where finish_time is null");
        output.WriteLine($"{s_orders} on {database}: {TimeProvider.System.GetElapsedTime(began)}");

        Assert.Equal($"{2 * s_orders}", await ReadAsync("select sum(stock) from products"));
        Assert.Equal("0", await ReadAsync("select sum(sold) from products"));
        Assert.Equal($"{s_orders}", await ReadAsync("select count(*) from outbox where type = 'order.closed'"));

        async Task<string> ReadAsync(string sql) => server is null
            ? (await mall.SqlAsync(sql))[0]
            : (await server.RunSqlAsync(sql, "closes", TestContext.Current.CancellationToken)).Trim();

        Task ChangeAsync(string sql) => server is null
            ? mall.ChangeAsync(sql)
            : server.RunSqlAsync(sql, "closes", TestContext.Current.CancellationToken);

        Task UntilAsync(string expected, string sql) =>
            TestMall.EventuallyAsync(async () => await ReadAsync(sql) == expected, $"{sql} gives {expected}");
    }

    private static async Task<DatabaseServer?> ServerAsync(string database)
    {
        if (database == "SQLite") return null;
        var kind = Enum.Parse<DatabaseKind>(database);
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        return await DatabaseServer.SharedAsync(kind);
    }
}
