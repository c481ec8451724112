using Mall.Lists;
using Mall.Orders;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Mall.TestServers;

namespace Mall.Tests.Lists;

/// <summary>Who follows a list by its cursors sees each item once and misses none, whoever numbered it.</summary>
public sealed class FollowingTests
{
    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Orders_PlacedByTurnsThroughTwoSilos_AreAllSeen_AtOnce(DatabaseKind kind)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(kind);
        var address = await server.CreateDatabaseAsync("following", TestContext.Current.CancellationToken);
        var patient = new SagaOptions(); // Neither takes over what the other is slow with.
        await using var one = await TestMall.OpenAsync(database: address, sagas: patient);
        await using var two = await TestMall.OpenAsync(database: address, sagas: patient);
        var user = await one.RegisterAsync();
        var product = await one.SellAsync(user, stock: 1_000);

        var (placed, seen, sagas) = (new List<long>(), new List<long>(), new List<string>());
        ListPlace? after = null, afterSagas = null;
        for (var i = 0; i < 40; i++)
        {
            placed.Add((await (i % 2 == 0 ? one : two).PlaceAsync($"g{i:00}", user, new OrderLine(product, 1))).Value!.Id);
            await TestMall.EventuallyAsync(
                async () =>
                {
                    after = await FollowAsync(one, user, after, seen);
                    return seen.Count >= placed.Count; // Held back while the other silo writes an end: a moment.
                },
                "an order is seen");
            var head = await History(two).List(new ListOrders(user, null, null, 1, NewestFirst: true));
            Assert.Equal(placed[^1], Assert.Single(head.Items).Id);
        }

        Assert.Equal(placed, seen);
        await TestMall.EventuallyAsync(
            async () =>
            {
                var page = await one.Grains.GetGrain<ISagaDirectoryGrain>(0).List(null, null, afterSagas, 7);
                sagas.AddRange(page.Items.Select(saga => saga.Gid));
                afterSagas = page.Cursor;
                return sagas.Count >= 41;
            },
            "all sagas are seen");

        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"g{i:00}").Prepend("user-13800000001"), sagas);
    }

    [Fact]
    public async Task Orders_OfOneUserThroughManyBuyers_AreAllSeen()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 10_000);
        var buyers = Task.WhenAll(Enumerable.Range(0, 16).Select(buyer => Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++) await mall.PlaceAsync($"g{buyer}-{i}", user, new OrderLine(product, 1));
        })));

        var (seen, isOver) = (new List<long>(), false);
        for (ListPlace? after = null; !isOver;)
        {
            isOver = buyers.IsCompleted;
            after = await FollowAsync(mall, user, after, seen);
        }

        await buyers;
        Assert.Equal(960, seen.Count);
        Assert.Equal(960, seen.Distinct().Count());
    }

    [Fact]
    public async Task Orders_NewestFirst_ComeInPages_AndAnEmptyListHasACursorToGoOnFrom()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 10_000);
        var (old, newest) = (new ListOrders(user, null, null, 2), new ListOrders(user, null, null, 2, NewestFirst: true));
        ListPlace[] beginnings = [(await History(mall).List(old)).Cursor, (await History(mall).List(newest)).Cursor];
        var placed = new List<long>();
        for (var i = 0; i < 5; i++) placed.Add((await mall.PlaceAsync($"g{i}", user, new OrderLine(product, 1))).Value!.Id);

        Assert.Equal(placed, await AllAsync(old with { After = beginnings[0] }));
        Assert.Equal(Enumerable.Reverse(placed), await AllAsync(newest with { After = beginnings[1] }));
        Assert.Equal(placed[2], (await History(mall).OfSaga(user, "g2"))!.Id);
        Assert.Null(await History(mall).OfSaga(user + 1, "g2"));

        async Task<List<long>> AllAsync(ListOrders query)
        {
            var ids = new List<long>();
            for (ListPlace? after = query.After; after is not null;)
            {
                var page = await History(mall).List(query with { After = after });
                ids.AddRange(page.Items.Select(order => order.Id));
                after = page.Next;
            }

            return ids;
        }
    }

    private static IOrderHistoryGrain History(TestMall mall) => mall.Grains.GetGrain<IOrderHistoryGrain>(0);

    /// <summary>Reads on from there, to the present end.</summary>
    private static async Task<ListPlace> FollowAsync(TestMall mall, long user, ListPlace? after, List<long> seen)
    {
        while (true)
        {
            var page = await History(mall).List(new ListOrders(user, null, after, 7));
            seen.AddRange(page.Items.Select(order => order.Id));
            after = page.Cursor;
            if (page.Next is null) return page.Cursor;
        }
    }
}
