using Mall.Orders;
using Mall.Products;
using Mall.Tests.Hosting;

namespace Mall.Tests.Flows;

/// <summary>The three flows that every tutorial on distributed orders shows, with exactly their barrier rows.</summary>
public sealed class ClassicFlowTests
{
    private static readonly string[] s_compensatedAfterNothing =
    [
        "01 action action", "01 compensate compensate", "02 action compensate", "02 compensate compensate",
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Success_takes_the_last_piece(bool isWhole)
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 1, price: 250);

        var line = new OrderLine(product, 1);
        var placed = await (isWhole ? mall.PlaceWholeAsync("g1", user, line) : mall.PlaceAsync("g1", user, line));

        Assert.Equal(OrderStatus.Created, placed.Value!.Status);
        Assert.Equal(250, placed.Value.Amount);
        Assert.Equal(["0 1"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal(["g1 0 250"], await mall.SqlAsync("select gid, status, amount from orders"));
        Assert.Equal(["1 Teapot 1 250"], await mall.SqlAsync("select product_id, name, quantity, price from order_items"));
        Assert.Equal(["01 action action", "02 action action"], await mall.BarrierAsync("g1"));
        await mall.UntilSqlSaysAsync(
            ["succeed 2 null"], "select status, version, next_time from sagas where gid = 'g1'");
        Assert.Empty(await mall.SqlAsync("select * from saga_branches where gid = 'g1'"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Refused_for_want_of_stock_leaves_a_void_order_and_the_markers_of_a_null_compensation(bool isWhole)
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 0);

        var line = new OrderLine(product, 1);
        var placed = await (isWhole ? mall.PlaceWholeAsync("g1", user, line) : mall.PlaceAsync("g1", user, line));

        Assert.Equal(ErrorCodes.NotEnoughStock, placed.Refusal!.Code);
        Assert.Equal(["0 0"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal(["9"], await mall.SqlAsync("select status from orders"));
        Assert.Equal(s_compensatedAfterNothing, await mall.BarrierAsync("g1"));
        Assert.Equal(
            ["failed 2 null"], await mall.SqlAsync("select status, version, next_time from sagas where gid = 'g1'"));
        Assert.Equal(
            ["01 action succeed", "01 compensate succeed", "02 action refused", "02 compensate succeed"],
            await mall.SqlAsync("select branch_id, op, status from saga_branches where gid = 'g1' order by branch_id, op"));
        Assert.Equal(
            ["1 1 1"],
            await mall.SqlAsync("""
                select o.reason = s.reason, o.close_time is null, s.finish_time is not null
                from orders o join sagas s on s.gid = o.gid
                """));
    }

    [Fact]
    public async Task Refused_after_its_commit_gets_its_stock_back()
    {
        await using var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter<RefuseAfterDecrStock>());
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 100);

        var placed = await mall.PlaceAsync("g1", user, new OrderLine(product, 1));

        Assert.Equal(ErrorCodes.NotEnoughStock, placed.Refusal!.Code);
        Assert.Equal(["100 0"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal(["9"], await mall.SqlAsync("select status from orders"));
        Assert.Equal(
            ["01 action action", "01 compensate compensate", "02 action action", "02 compensate compensate"],
            await mall.BarrierAsync("g1"));
        Assert.Equal(["failed"], await mall.SqlAsync("select status from sagas where gid = 'g1'"));
    }

    [Fact]
    public async Task Repeated_under_the_same_gid_gives_the_same_answer_also_when_the_stock_is_gone_and_after_a_restart()
    {
        var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 1);
        var placed = await mall.PlaceAsync("g1", user, new OrderLine(product, 1));
        var refused = await mall.PlaceAsync("g2", user, new OrderLine(product, 1));

        var again = await mall.PlaceAsync("g1", user, new OrderLine(product, 1));
        await mall.CloseAsync();
        await using var restarted = await TestMall.OpenAsync(folder: mall.Folder);
        var afterRestart = await restarted.PlaceAsync("g1", user, new OrderLine(product, 1));
        var refusedAfterRestart = await restarted.PlaceAsync("g2", user, new OrderLine(product, 1));

        Assert.Equal(placed.Value!.Id, again.Value!.Id);
        Assert.Equal(placed.Value.Id, afterRestart.Value!.Id);
        Assert.Equal(placed.Value.CreatedAt, afterRestart.Value.CreatedAt);
        Assert.Equal(refused.Refusal, refusedAfterRestart.Refusal);
        Assert.Equal(["2"], await restarted.SqlAsync("select count(*) from orders"));
    }

    /// <summary>Takes the stock, commits it, and then answers no.</summary>
    private sealed class RefuseAfterDecrStock : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            await context.Invoke();
            if (context.MethodName == nameof(IProductGrain.DecrStock))
                context.Result = (Result<long>)Result.Refused(ErrorCodes.NotEnoughStock, "Refused for a test.");
        }
    }
}
