using Mall.Ledger;
using Mall.Orders;
using Mall.Products;
using Mall.Sagas;
using Mall.TestFaults;
using Mall.Tests.Hosting;

namespace Mall.Tests.Flows;

/// <summary>
/// An order that its product places as a whole, and what of it does not come through: one order, one answer.
/// </summary>
public sealed class WholeOrderTests
{
    private static readonly string[] s_acted = ["01 action action", "02 action action"];

    [Fact]
    public async Task Whole_order_is_one_commit()
    {
        await using var mall = await TestMall.OpenAsync();
        var (user, product) = await SellAsync(mall, stock: 5);
        var before = await CommitsAsync(mall);

        await mall.PlaceWholeAsync("g1", user, new OrderLine(product, 2));

        Assert.Equal(before + 2, await CommitsAsync(mall)); // The other is the epoch of the product's owner.
        await mall.PlaceWholeAsync("g2", user, new OrderLine(product, 2));
        Assert.True((await mall.PlaceWholeAsync("g3", user, new OrderLine(product, 2))).IsRefused);
        Assert.Equal(before + 4, await CommitsAsync(mall));
    }

    [Fact]
    public async Task Whole_order_whose_price_changes_while_it_waits_for_its_id_is_placed_at_the_new_one()
    {
        await using var mall = await TestMall.OpenAsync();
        var (user, product) = await SellAsync(mall, stock: 5);
        mall.Store.BeforeNext("ids of orders", () => mall.Grains.GetGrain<IProductGrain>(product).Change(
            new ChangeProduct(user, Name: null, Desc: null, Price: 250, Status: null)));

        var placed = await mall.PlaceWholeAsync("g1", user, new OrderLine(product, 2));

        Assert.Equal(500, placed.Value?.Amount);
        Assert.Equal(["3 2"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Price_that_changes_while_the_event_of_low_stock_waits_for_its_id_is_met_by_the_order(bool isWhole)
    {
        await using var mall = await TestMall.OpenAsync();
        var (user, product) = await SellAsync(mall, stock: 12);
        await mall.PlaceWholeAsync("g1", user, new OrderLine(product, 1));

        // Of the first ten ids of events one is left for a whole order, and none for what is taken alone; others are waited for.
        var more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        mall.Store.BeforeNext("ids of events", () => more.Task);
        for (var other = 0; other < (isWhole ? 7 : 8); other++) await mall.RegisterAsync($"1390000000{other}");
        await mall.UntilSqlSaysAsync([isWhole ? "9" : "10"], "select count(*) from outbox");
        var grain = mall.Grains.GetGrain<IProductGrain>(product);
        var placing = isWhole ? mall.PlaceWholeAsync("g2", user, new OrderLine(product, 2)) : null;
        var taking = isWhole ? null : grain.DecrStock(new Branch("g2", "02"), 2, price: 100);
        await grain.Get(); // It waits by now.
        await grain.Change(new ChangeProduct(user, Name: null, Desc: null, Price: 250, Status: null));
        more.SetResult();

        if (isWhole) Assert.Equal(500, (await placing!).Value?.Amount);
        else Assert.Equal(ErrorCodes.ProductOffSale, (await taking!).Refusal?.Code);
        Assert.Equal([isWhole ? "9 3" : "11 1"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task Whole_order_whose_acknowledgement_is_lost_is_read_back()
    {
        await using var mall = await TestMall.OpenAsync();
        var (user, product) = await SellAsync(mall, stock: 5);
        mall.Store.FailNext(FaultPoint.AfterCommit, w => IsOrder(w, "g1"));
        mall.Store.FailNext(FaultPoint.BeforeCommit, w => IsOrder(w, "g2"));

        Assert.False((await mall.PlaceWholeAsync("g1", user, new OrderLine(product, 1))).IsRefused);
        Assert.False((await mall.PlaceWholeAsync("g2", user, new OrderLine(product, 1))).IsRefused);

        Assert.Equal(2, mall.Store.Faults);
        Assert.Equal(["3 2"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task Whole_order_whose_answer_is_lost_is_found_and_not_placed_again()
    {
        var losing = new Losing(isAnswer: true);
        await using var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(losing));
        var (user, product) = await SellAsync(mall, stock: 1);

        var placed = await mall.PlaceWholeAsync("g1", user, new OrderLine(product, 1));
        var refused = await mall.PlaceWholeAsync("g2", user, new OrderLine(product, 1));

        Assert.Equal(OrderStatus.Created, placed.Value?.Status);
        Assert.Equal(ErrorCodes.NotEnoughStock, refused.Refusal?.Code);
        Assert.Equal(["0 1"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal(["0", "9"], await mall.SqlAsync("select status from orders order by status"));
        Assert.Equal(s_acted, await mall.BarrierAsync("g1"));
    }

    [Fact]
    public async Task Whole_order_that_comes_late_finds_the_one_that_went_step_by_step()
    {
        var losing = new Losing(isAnswer: false);
        await using var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(losing));
        var (user, product) = await SellAsync(mall, stock: 5);

        var placed = await mall.PlaceWholeAsync("g1", user, new OrderLine(product, 1));
        losing.IsOver = true;
        var late = await mall.Grains.GetGrain<IProductGrain>(product).PlaceWhole(
            "g1", new PlaceOrder(user, [new OrderLine(product, 1)], null));

        Assert.Null(late);
        Assert.Equal(["4 1"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal([$"{placed.Value!.Id}"], await mall.SqlAsync("select id from orders"));
        Assert.Equal(s_acted, await mall.BarrierAsync("g1"));
    }

    /// <summary>It may be placed yet: whoever asks is not told that it is not, though a step would be refused by now.</summary>
    [Fact]
    public async Task Whole_order_in_doubt_is_not_refused()
    {
        var losing = new Losing(isAnswer: false);
        await using var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(losing));
        var (user, product) = await SellAsync(mall, stock: 5);
        await mall.Grains.GetGrain<IProductGrain>(product).Remove(user);

        await Assert.ThrowsAsync<TimeoutException>(() => mall.PlaceWholeAsync("g1", user, new OrderLine(product, 1)));

        losing.IsOver = true;
        Assert.Equal(
            ErrorCodes.ProductOffSale, (await mall.PlaceWholeAsync("g1", user, new OrderLine(product, 1))).Refusal?.Code);
    }

    /// <summary>Those who repeat an order while it is under way have the same one.</summary>
    [Fact]
    public async Task Whole_order_that_is_asked_for_at_once_by_many_is_placed_once()
    {
        await using var mall = await TestMall.OpenAsync();
        var (user, product) = await SellAsync(mall, stock: 1);

        var placed = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => mall.PlaceWholeAsync("g1", user, new OrderLine(product, 1))));

        Assert.Single(placed.Select(order => order.Value?.Id).Distinct());
        Assert.Equal(["0 1"], await mall.SqlAsync("select stock, sold from products"));
    }

    /// <summary>Off sale, unknown, without a user: refused without a trace.</summary>
    [Fact]
    public async Task Whole_order_that_cannot_begin_leaves_nothing()
    {
        await using var mall = await TestMall.OpenAsync();
        var (user, product) = await SellAsync(mall, stock: 1);
        Assert.Equal(ErrorCodes.NoSuchProduct, (await mall.PlaceWholeAsync("g1", user, new OrderLine(99, 1))).Refusal?.Code);
        Assert.Equal(ErrorCodes.NoSuchUser, (await mall.PlaceWholeAsync("g2", 99, new OrderLine(product, 1))).Refusal?.Code);
        await mall.Grains.GetGrain<IProductGrain>(product).Remove(user);
        Assert.Equal(
            ErrorCodes.ProductOffSale, (await mall.PlaceWholeAsync("g3", user, new OrderLine(product, 1))).Refusal?.Code);
        Assert.Equal(["0"], await mall.SqlAsync("select count(*) from orders"));
        Assert.Equal(["0"], await mall.SqlAsync("select count(*) from sagas where gid like 'g%'"));
    }

    private static bool IsOrder(WriteSet writes, string gid) =>
        writes.Changes.Any(c => c.Shape.Table.Name == "sagas" && c.Values.Contains(gid));

    private static async Task<(long User, long Product)> SellAsync(TestMall mall, long stock)
    {
        var user = await mall.RegisterAsync();
        return (user, await mall.SellAsync(user, stock));
    }

    private static async Task<long> CommitsAsync(TestMall mall) =>
        long.Parse((await mall.SqlAsync("select max(position) from commit_marks"))[0], null);

    /// <summary>Loses orders that are to be placed as a whole: their answers, or themselves.</summary>
    private sealed class Losing(bool isAnswer) : IIncomingGrainCallFilter
    {
        public volatile bool IsOver;

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            var isLost = !IsOver && context.MethodName == nameof(IProductGrain.PlaceWhole);
            if (!isLost || isAnswer) await context.Invoke();
            if (isLost) throw new TimeoutException("Lost for a test.");
        }
    }
}
