using Mall.Api.Errors;
using Mall.Ledger;
using Mall.TestFaults;
using Mall.Orders;
using Mall.Products;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Mall.Tests.Installations;
using Microsoft.Data.Sqlite;

namespace Mall.Tests.Faults;

/// <summary>The database fails before, in and after commits; grains and sagas must come out of it with the sums right.</summary>
public sealed class FaultyDatabaseTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Orders_under_a_failing_database_end_and_no_stock_is_lost(int round)
    {
        var seed = Setting.Seed() + round;
        output.WriteLine($"seed {seed}");
        var faults = new FaultOptions
        {
            Seed = seed, BeforeTransaction = 0.2, BeforeCommit = 0.1, AfterCommit = 0.1, ReadBack = 0.2,
            Other = 0.1, Delay = 0.1, LongestDelay = TimeSpan.FromMilliseconds(5),
        };
        await using var mall = await TestMall.OpenAsync(faults: faults, services: null);
        mall.Store.IsRandom = false;
        var user = await mall.RegisterAsync();
        long[] products = [await mall.SellAsync(user, 30), await mall.SellAsync(user, 40), await mall.SellAsync(user, 1000)];
        mall.Store.IsRandom = true;

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 16).Select(b => BuyAsync(mall, user, products, new Random(seed + b), $"b{b}")));
        mall.Store.IsRandom = false;
        await TestMall.EventuallyAsync(
            async () => await mall.SqlAsync("select count(*) from sagas where status not in ('succeed', 'failed')") is ["0"],
            "every saga ends");

        Assert.True(mall.Store.Faults > 20, $"{mall.Store.Faults} faults are too few to show anything.");
        var placed = answers.Sum(a => a);
        Assert.Equal([$"{placed}"], await mall.SqlAsync("select count(*) from orders where status = 0"));
        foreach (var (product, initial) in products.Zip([30, 40, 1000]))
        {
            Assert.Equal([$"{initial}"], await mall.SqlAsync(
                $"""
                select p.stock + (select coalesce(sum(i.quantity), 0) from order_items i join orders o on o.id = i.order_id
                                  where i.product_id = p.id and o.status = 0)
                from products p where p.id = {product} and p.sold = {initial} - p.stock
                """));
        }
    }

    [Fact]
    public async Task A_lost_acknowledgement_is_read_back_and_the_stock_is_taken_once()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, 10);

        mall.Store.FailNext(FaultPoint.AfterCommit, w => w.Barrier is { BranchId: "02" });
        mall.Store.FailNext(FaultPoint.BeforeCommit, w => w.Barrier is { BranchId: "01" });
        var placed = await mall.PlaceAsync("g1", user, new OrderLine(product, 3));

        Assert.False(placed.IsRefused);
        Assert.Equal(2, mall.Store.Faults);
        Assert.Equal(["7 3"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal(["01 action action", "02 action action"], await mall.BarrierAsync("g1"));
    }

    [Fact]
    public async Task Nobody_is_answered_and_nothing_is_shown_before_the_commit()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, 10);
        var grain = mall.Grains.GetGrain<IProductGrain>(product);
        await grain.AdjustStock(user, 0, null); // It owns the product from here on.

        mall.Store.IsDown = true;
        var taking = grain.DecrStock(new Branch("g1", "02"), 4);
        var shown = await grain.Get();

        // Neither taken, so it is not shown; nor free, so nobody else gets it, or is refused for what may never be.
        var waiting = grain.DecrStock(new Branch("g2", "02"), 7);
        await grain.Get();
        Assert.False(taking.IsCompleted || waiting.IsCompleted);
        Assert.Equal(10, shown.Value!.Stock);
        mall.Store.IsDown = false;

        Assert.Equal(6, (await taking).Value);
        Assert.Equal(ErrorCodes.NotEnoughStock, (await waiting).Refusal?.Code);
        Assert.Equal(["6"], await mall.SqlAsync("select stock from products"));
    }

    [Fact]
    public async Task An_older_owner_s_write_is_a_conflict_and_the_grain_starts_over_from_the_row()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, 10);
        var grain = mall.Grains.GetGrain<IProductGrain>(product);
        await grain.DecrStock(new Branch("g1", "02"), 1);

        // Somewhere else another activation has taken the product over, and sold six.
        await WriteAsync(mall, "update products set owner_epoch = owner_epoch + 1, stock = stock - 6, sold = sold + 6");
        // Though three are left.
        await Assert.ThrowsAsync<StaleActivationException>(() => grain.DecrStock(new Branch("g2", "02"), 2));
        var taken = await grain.DecrStock(new Branch("g2", "02"), 2); // a new activation, which has read the row
        var refused = await grain.DecrStock(new Branch("g3", "02"), 2);

        Assert.Equal(1, taken.Value);
        Assert.Equal(ErrorCodes.NotEnoughStock, refused.Refusal!.Code);
        Assert.Equal(["1 9"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task An_order_survives_its_product_being_taken_over_in_between()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, 10);
        await WriteAsync(mall, "update products set owner_epoch = owner_epoch + 1");

        var placed = await mall.PlaceAsync("g1", user, new OrderLine(product, 2));

        Assert.False(placed.IsRefused);
        Assert.Equal(["8"], await mall.SqlAsync("select stock from products"));
    }

    /// <summary>Places orders one after the other, each until it is answered, and says how many stand.</summary>
    private static async Task<int> BuyAsync(TestMall mall, long user, long[] products, Random random, string name)
    {
        var placed = 0;
        for (var n = 0; n < 40; n++)
        {
            random.Shuffle(products = [.. products]);
            OrderLine[] lines = [.. products.Take(random.Next(1, 4)).Select(p => new OrderLine(p, random.Next(1, 3)))];
            for (var attempt = 0; ; attempt++)
            {
                Assert.True(attempt < 1000, "The order is never answered.");
                try
                {
                    var answer = await (lines is [var line]
                        ? mall.PlaceWholeAsync($"{name}-{n}", user, line)
                        : mall.PlaceAsync($"{name}-{n}", user, lines));
                    if (!answer.IsRefused) placed++;
                    break;
                }
                catch (Exception e) when (e is StorageUnavailableException or TimeoutException || e.LostItsGrain())
                {
                    // Unknown: the same order again.
                }
            }
        }

        return placed;
    }

    private static async Task WriteAsync(TestMall mall, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={mall.Folder}/mall.db;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }
}
