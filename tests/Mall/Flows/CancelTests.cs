using Mall.Orders;
using Mall.Products;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Flows;

/// <summary>An order that ends without a payment gives its stock back, once, whatever happens in between.</summary>
public sealed class CancelTests
{
    [Fact]
    public async Task Cancel_closes_the_order_gives_all_its_stock_back_and_again_answers_the_same()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var (one, other) = (await mall.SellAsync(user, stock: 5), await mall.SellAsync(user, stock: 5));
        var placed = (await PlaceAsync(mall, "g1", user, new OrderLine(one, 2), new OrderLine(other, 3))).Value!;

        var cancelled = await Order(mall, placed.Id).Cancel(user, null);

        Assert.Equal(["5 0", "5 0"], await mall.SqlAsync("select stock, sold from products"));
        var again = await Order(mall, placed.Id).Cancel(user, null);
        Assert.Equal(Describe(placed with { Status = OrderStatus.Closed }), Describe(cancelled.Value!));
        Assert.Equal(Describe(cancelled.Value!), Describe(again.Value!));
        Assert.Equal(["5 0", "5 0"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal(["2 null"], await mall.SqlAsync("select status, close_time from orders"));
        Assert.Equal(["order.placed", "order.closed"], await mall.SqlAsync(
            $"select type from outbox where subject = 'order/{placed.Id}' order by position, id"));
        Assert.Equal(
            ["01 action action", "02 action action", "03 action action"], await mall.BarrierAsync($"close-{placed.Id}"));
    }

    [Fact]
    public async Task Cancel_of_nothing_of_somebody_elses_and_of_what_has_gone_another_way_is_refused()
    {
        var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 1);
        var placed = (await PlaceAsync(mall, "g1", user, new OrderLine(product, 1))).Value!;
        await PlaceAsync(mall, "g2", user, new OrderLine(product, 1));

        Assert.Equal(ErrorCodes.NoSuchOrder, (await Order(mall, 99).Cancel(user, null)).Refusal?.Code);
        Assert.Equal(ErrorCodes.Forbidden, (await Order(mall, placed.Id).Cancel(user + 1, null)).Refusal?.Code);
        Assert.Equal(ErrorCodes.OrderStatusForbids, (await Order(mall, placed.Id + 1).Cancel(user, null)).Refusal?.Code);
        foreach (var status in (int[])[OrderStatus.Paid, OrderStatus.Refunded])
        {
            await mall.CloseAsync();
            await mall.ChangeAsync($"update orders set status = {status} where gid = 'g1'");
            mall = await TestMall.OpenAsync(folder: mall.Folder);
            Assert.Equal(ErrorCodes.OrderStatusForbids, (await Order(mall, placed.Id).Cancel(user, null)).Refusal?.Code);
            await Order(mall, placed.Id).Close();
        }

        Assert.Equal(["0 1"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal(["3", "9"], await mall.SqlAsync("select status from orders order by gid"));
        await mall.CloseAsync();
        Directory.Delete(mall.Folder, recursive: true);
    }

    [Fact]
    public async Task An_order_that_is_still_being_placed_is_neither_cancelled_nor_closed_and_is_due_again()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.DecrStock));
        await using var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(turnstile), s_dueAtOnce);
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 5);
        turnstile.Hold();
        var placing = mall.PlaceAsync("g1", user, new OrderLine(product, 1));
        await turnstile.Arrived;
        var id = long.Parse((await mall.SqlAsync("select id from orders"))[0], null);

        Assert.Equal(ErrorCodes.OrderStatusForbids, (await Order(mall, id).Cancel(user, null)).Refusal?.Code);
        await mall.UntilSqlSaysAsync(["1"], "select count(*) from orders where status = 0 and close_time > create_time + 5000");

        turnstile.Open();
        Assert.Equal(id, (await placing).Value?.Id);
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas where gid = 'g1'");
        Assert.Equal(OrderStatus.Closed, (await Order(mall, id).Cancel(user, null)).Value?.Status);
        Assert.Equal(["5 0"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task What_was_closed_before_a_restart_gives_its_stock_back_after_it_once()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.TakeBack));
        var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(turnstile));
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 5);
        var placed = (await PlaceAsync(mall, "g1", user, new OrderLine(product, 2))).Value!;
        turnstile.Fail(() => new TimeoutException("Nobody answers."));
        var cancelling = Order(mall, placed.Id).Cancel(user, null);
        await mall.UntilSqlSaysAsync(["2 3"], "select o.status, p.stock from orders o, products p");
        await mall.CloseAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => cancelling);

        await using var later = await TestMall.OpenAsync(folder: mall.Folder);
        await later.UntilSqlSaysAsync(["5 0"], "select stock, sold from products");
        await later.UntilSqlSaysAsync(["succeed"], $"select status from sagas where gid = 'close-{placed.Id}'");
        Assert.Equal(OrderStatus.Closed, (await Order(later, placed.Id).Cancel(user, null)).Value?.Status);
        Assert.Equal(["5 0"], await later.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task The_clean_up_takes_nothing_that_a_cancellation_needs_before_or_after()
    {
        const string cleanUp = "delete from sagas; delete from saga_branches; delete from barrier";
        var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 5);
        var placed = (await PlaceAsync(mall, "g1", user, new OrderLine(product, 2))).Value!;
        await mall.CloseAsync();
        await mall.ChangeAsync(cleanUp);

        mall = await TestMall.OpenAsync(folder: mall.Folder);
        var cancelled = await Order(mall, placed.Id).Cancel(user, null);
        Assert.Equal(["5 0"], await mall.SqlAsync("select stock, sold from products"));
        await mall.CloseAsync();
        await mall.ChangeAsync(cleanUp);

        await using var later = await TestMall.OpenAsync(folder: mall.Folder);
        var again = await Order(later, placed.Id).Cancel(user, null);
        Assert.Equal(Describe(cancelled.Value!), Describe(again.Value!));
        Assert.Equal(["5 0"], await later.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task A_key_is_for_one_cancellation()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 5);
        var (one, other) = (
            (await PlaceAsync(mall, "g1", user, new OrderLine(product, 1))).Value!.Id,
            (await PlaceAsync(mall, "g2", user, new OrderLine(product, 1))).Value!.Id);

        var first = await Order(mall, one).Cancel(user, new Idempotency(user, "k", "one"));
        Assert.Equal(Describe(first.Value!), Describe((await Order(mall, one).Cancel(user, new(user, "k", "one"))).Value!));
        Assert.Equal(ErrorCodes.KeyReused, (await Order(mall, other).Cancel(user, new(user, "k", "other"))).Refusal?.Code);
        Assert.Equal(["4 1"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task A_closing_goes_forward_only()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.TakeBack));
        await using var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(turnstile));
        var user = await mall.RegisterAsync();
        var placed = (await PlaceAsync(mall, "g1", user, new OrderLine(await mall.SellAsync(user, stock: 5), 1))).Value!;
        turnstile.Hold();
        var cancelling = Order(mall, placed.Id).Cancel(user, null);
        await turnstile.Arrived;

        var aborted = await mall.Grains.GetGrain<ISagaDirectoryGrain>(0).Abort($"close-{placed.Id}", null);

        Assert.Equal(ErrorCodes.SagaStatusForbids, aborted.Refusal?.Code);
        turnstile.Open();
        Assert.Equal(OrderStatus.Closed, (await cancelling).Value?.Status);
        Assert.Equal(["5 0"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task A_cancellation_that_waits_for_its_stock_keeps_nobody_else_waiting()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.TakeBack));
        await using var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(turnstile));
        var user = await mall.RegisterAsync();
        var placed = (await PlaceAsync(mall, "g1", user, new OrderLine(await mall.SellAsync(user, stock: 5), 1))).Value!;
        turnstile.Hold();
        var cancelling = Order(mall, placed.Id).Cancel(user, null);
        await turnstile.Arrived;

        for (var i = 0; i < 2; i++)
            Assert.Equal(ErrorCodes.Forbidden, (await Order(mall, placed.Id).Cancel(user + 1, null)).Refusal?.Code);

        Assert.False(cancelling.IsCompleted);
        turnstile.Open();
        Assert.Equal(OrderStatus.Closed, (await cancelling).Value?.Status);
    }

    private static readonly Action<IServiceCollection> s_dueAtOnce =
        services => services.AddSingleton(new OrderOptions { CloseAfter = TimeSpan.FromMilliseconds(1) });

    /// <summary>Places it and waits until that has been written down.</summary>
    private static async Task<Result<OrderView>> PlaceAsync(TestMall mall, string gid, long user, params OrderLine[] lines)
    {
        var placed = await mall.PlaceAsync(gid, user, lines);
        await mall.UntilSqlSaysAsync(["1"], $"select count(*) from sagas where gid = '{gid}' and finish_time is not null");
        return placed;
    }

    private static IOrderGrain Order(TestMall mall, long id) => mall.Grains.GetGrain<IOrderGrain>(id);

    private static string Describe(OrderView order) => $"{order} {string.Join(' ', order.Items)}";
}
