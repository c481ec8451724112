using Mall.Api.Auth;
using Mall.Api.Calls;
using Mall.Api.Orders;
using Mall.Orders;
using Mall.Products;
using Mall.Sagas;
using Mall.Shops;
using Mall.Tests.Hosting;
using Mall.Users;

namespace Mall.Tests.Flows;

/// <summary>A key means the same as long as what was made under it exists, also when its saga has been cleaned up.</summary>
public sealed class KeptKeyTests
{
    private static readonly OrderLine[] s_one = [new(1, 1)];
    private static readonly OrderLine[] s_tooMany = [new(1, 5)];

    [Theory]
    [InlineData("delete from sagas; delete from saga_branches")]
    [InlineData("delete from sagas; delete from saga_branches; delete from barrier")]
    public async Task After_clean_up_a_key_gives_the_first_order_or_the_first_refusal(string cleanUp)
    {
        var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        await mall.SellAsync(seller, 3);
        var (placed, refused) = (await PlaceAsync(mall, "kept", s_one), await PlaceAsync(mall, "void", s_tooMany));

        await using var later = await AfterAsync(mall, cleanUp);
        var (again, refusedAgain) = (await PlaceAsync(later, "kept", s_one), await PlaceAsync(later, "void", s_tooMany));
        var another = await PlaceAsync(later, "kept", s_tooMany);

        Assert.Equal(Describe(placed), Describe(again));
        Assert.Equal((placed.Value!.Id, ErrorCodes.NotEnoughStock), (again.Value!.Id, refused.Refusal!.Code));
        Assert.Equal(refused.Refusal, refusedAgain.Refusal);
        Assert.Equal(ErrorCodes.KeyReused, another.Refusal?.Code);
        Assert.Equal(["2 1"], await later.SqlAsync("select stock, sold from products"));
        Assert.Equal(["kept 0", "void 9"], await later.SqlAsync("select gid, status from orders order by id"));
    }

    [Theory]
    [InlineData("update sagas set reason = null")]
    [InlineData("delete from sagas; delete from saga_branches; delete from barrier")]
    public async Task Without_a_key_too_a_repeat_gives_the_first_order_though_it_would_be_refused_by_now(string meanwhile)
    {
        var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = await mall.SellAsync(seller, 3);
        var placed = await mall.PlaceAsync("g1", seller, s_one);

        await using var later = await AfterAsync(mall, meanwhile);
        await later.Grains.GetGrain<IProductGrain>(product).Remove(seller);

        Assert.Equal(Describe(placed), Describe(await later.PlaceAsync("g1", seller, s_one)));
        Assert.Equal(ErrorCodes.ProductOffSale, (await later.PlaceAsync("g2", seller, s_one)).Refusal?.Code);
    }

    [Fact]
    public async Task Without_a_key_too_a_registration_is_not_refused_its_own_mobile()
    {
        var mall = await TestMall.OpenAsync();
        var user = new NewUser("13800000001", "no password", "Ada", "", "user");
        var first = await RegisterAsync(mall, user, null);

        await using var later = await AfterAsync(mall, "update sagas set reason = null");

        Assert.Equal(first.Value, (await RegisterAsync(later, user, null)).Value);
    }

    [Theory]
    [InlineData("delete from sagas")]
    [InlineData("delete from sagas; delete from barrier")]
    public async Task After_clean_up_a_registration_under_its_key_gives_the_first_user(string cleanUp)
    {
        var mall = await TestMall.OpenAsync();
        var user = new NewUser("13800000001", "no password", "Ada", "", "user");
        var first = await RegisterAsync(mall, user, "h");

        await using var later = await AfterAsync(mall, cleanUp);
        var (again, another) = (await RegisterAsync(later, user, "h"), await RegisterAsync(later, user, "other"));

        Assert.Equal(first.Value, again.Value);
        Assert.NotNull(again.Value);
        Assert.Equal(ErrorCodes.KeyReused, another.Refusal?.Code);
        Assert.Equal(["1 10"], await later.SqlAsync("select user_id, balance from points"));
    }

    [Fact]
    public async Task After_clean_up_the_key_of_an_order_is_for_nothing_else()
    {
        var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        await mall.SellAsync(seller, 3);
        Assert.False((await PlaceAsync(mall, Gids.FromKey("order", seller, "k"), s_one)).IsRefused);

        await using var later = await AfterAsync(mall, "delete from sagas; delete from saga_branches; delete from barrier");
        var opened = await later.Grains.GetGrain<IShopDirectoryGrain>(0).Open(new(seller, "Tea", new(seller, "k", "h")));

        Assert.Equal(ErrorCodes.KeyReused, opened.Refusal?.Code);
    }

    [Fact]
    public async Task A_key_means_the_same_in_whatever_order_the_lines_stand()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var (one, other) = (await mall.SellAsync(seller, 3), await mall.SellAsync(seller, 3));

        var (first, again) = (await PlaceAsync(one, other), await PlaceAsync(other, one));

        Assert.NotNull(first.Value);
        Assert.Equal(first.Value.Id, again.Value?.Id);

        Task<Result<OrderView>> PlaceAsync(params long[] products) => new OrderDesk(
            mall.Grains, new SoldOut(TimeProvider.System)).Place(
            new Caller(seller, Roles.User), new PlaceOrderInput([.. products.Select(id => new OrderLineInput(id, 1))]), "k",
            new Patience(TimeSpan.FromSeconds(120), TimeProvider.System, CancellationToken.None));
    }

    [Fact]
    public async Task A_request_that_is_refused_before_it_begins_does_not_answer_for_another_under_its_key()
    {
        await using var mall = await TestMall.OpenAsync();
        await mall.SellAsync(await mall.RegisterAsync(), 3);

        var nothing = PlaceAsync(mall, "k", [new(404, 1)], "a");
        var something = PlaceAsync(mall, "k", s_one, "b");

        Assert.False((await something).IsRefused);
        Assert.True((await nothing).IsRefused);
    }

    [Fact]
    public async Task Requests_that_are_refused_or_repeated_leave_no_activation_behind()
    {
        await using var mall = await TestMall.OpenAsync();
        await mall.SellAsync(await mall.RegisterAsync(), 100);

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => PlaceAsync(mall, $"refused{i}", [new(404 + i, 1)])));
        for (var repeat = 0; repeat < 2; repeat++)
            await Task.WhenAll(Enumerable.Range(0, 100).Select(i => PlaceAsync(mall, $"placed{i}", s_one)));

        await TestMall.EventuallyAsync(
            async () => await mall.Grains.GetGrain<IManagementGrain>(0).GetTotalActivationCount() < 40, "the sagas' grains go");
    }

    [Fact]
    public async Task Whoever_asks_for_sagas_that_have_ended_leaves_no_activation_behind()
    {
        await using var mall = await TestMall.OpenAsync();
        await mall.SellAsync(await mall.RegisterAsync(), 100);
        var gids = Enumerable.Range(0, 60).Select(i => $"g{i}").ToArray();
        foreach (var gid in gids) Assert.False((await PlaceAsync(mall, gid, s_one)).IsRefused);
        await mall.UntilSqlSaysAsync(["0"], "select count(*) from sagas where finish_time is null");

        Func<IOrderSagaGrain, Task>[] questions =
        [
            saga => saga.Submit(new PlaceOrder(1, [.. s_one], $"{s_one[0]}")),
            saga => saga.Submit(new PlaceOrder(1, [.. s_one], "another")),
            saga => saga.Retry(),
            saga => saga.Abort(),
        ];
        foreach (var ask in questions)
        {
            await Task.WhenAll(gids.Select(gid => ask(mall.Grains.GetGrain<IOrderSagaGrain>(gid))));
            await TestMall.EventuallyAsync(
                async () => await mall.Grains.GetGrain<IManagementGrain>(0).GetTotalActivationCount() < 40, "the grains go");
        }
    }

    private static Task<Result<OrderView>> PlaceAsync(TestMall mall, string gid, OrderLine[] lines, string? hash = null) =>
        mall.Grains.GetGrain<IOrderSagaGrain>(gid).Place(new PlaceOrder(1, [.. lines], hash ?? $"{lines[0]}"));

    private static Task<Result<UserView>> RegisterAsync(TestMall mall, NewUser user, string? hash) =>
        mall.Grains.GetGrain<IRegistrationSagaGrain>("user-0-k").Register(new RegisterUser(user, hash));

    private static string Describe(Result<OrderView> order) => $"{order.Value} {string.Join(' ', order.Value?.Items ?? [])}";

    /// <summary>The same mall, after a restart and what a clean-up does.</summary>
    private static async Task<TestMall> AfterAsync(TestMall mall, string cleanUp)
    {
        await mall.CloseAsync();
        await mall.ChangeAsync(cleanUp);
        return await TestMall.OpenAsync(folder: mall.Folder);
    }
}
