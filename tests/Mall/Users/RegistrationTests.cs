using Mall.Sagas;
using Mall.Tests.Hosting;
using Mall.Users;

namespace Mall.Tests.Users;

public sealed class RegistrationTests
{
    private static readonly NewUser s_ada = new("13800000001", "hash", "Ada", "female", "user");

    [Fact]
    public async Task Register_gives_ten_points_once_however_often_it_is_repeated()
    {
        await using var mall = await TestMall.OpenAsync();
        var saga = mall.Grains.GetGrain<IRegistrationSagaGrain>("user-0-key");

        var first = await saga.Register(new RegisterUser(s_ada, "h"));
        var again = await saga.Register(new RegisterUser(s_ada, "h"));
        var other = await saga.Register(new RegisterUser(s_ada with { Name = "Eve" }, "other"));

        Assert.Equal(first.Value, again.Value);
        Assert.Equal(10, first.Value!.Points);
        Assert.Equal(ErrorCodes.KeyReused, other.Refusal!.Code);
        Assert.Equal(["1 10"], await mall.SqlAsync("select user_id, balance from points"));
        Assert.Equal(["01 action action", "02 action action"], await mall.BarrierAsync("user-0-key"));
    }

    [Fact]
    public async Task A_mobile_belongs_to_one_user_also_when_many_register_it_at_once()
    {
        await using var mall = await TestMall.OpenAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i =>
            mall.Grains.GetGrain<IRegistrationSagaGrain>($"g{i}").Register(new RegisterUser(s_ada, null))));

        Assert.Single(answers, a => !a.IsRefused);
        Assert.All(answers.Where(a => a.IsRefused), a => Assert.Equal(ErrorCodes.MobileTaken, a.Refusal!.Code));
        Assert.Equal(["1"], await mall.SqlAsync("select count(*) from users"));
        Assert.Equal(["10"], await mall.SqlAsync("select sum(balance) from points"));
        await mall.UntilSqlSaysAsync(["0"], "select count(*) from sagas where finish_time is null");
    }

    [Fact]
    public async Task A_registration_that_lost_the_race_for_its_mobile_leaves_the_traces_of_what_never_happened()
    {
        var turnstile = new Turnstile(nameof(IUserGrain.Create));
        await using var mall = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(turnstile));
        turnstile.Hold();
        var racing = new[] { "g1", "g2" }.Select(
            gid => mall.Grains.GetGrain<IRegistrationSagaGrain>(gid).Register(new RegisterUser(s_ada, null))).ToArray();
        await mall.UntilSqlSaysAsync(["2"], "select count(*) from sagas"); // Each has found the mobile free.
        turnstile.Open();

        var refused = Assert.Single(await Task.WhenAll(racing), answer => answer.IsRefused).Refusal!;

        Assert.Equal((ErrorCodes.MobileTaken, true), (refused.Code, refused.IsSealed));
        Assert.Equal(
            ["01 action compensate", "01 compensate compensate"],
            await mall.SqlAsync(
                """
                select branch_id, op, reason from barrier where gid in (select gid from sagas where status = 'failed')
                order by branch_id, op
                """));
        Assert.Equal(
            ["01 action refused", "01 compensate succeed"],
            await mall.SqlAsync("select branch_id, op, status from saga_branches order by branch_id, op"));
    }

    [Fact]
    public async Task A_branch_that_was_refused_never_happens_though_nothing_is_in_its_way_any_more()
    {
        await using var mall = await TestMall.OpenAsync();
        var (first, second) = (new Branch("g1", "01"), new Branch("g2", "01"));
        await User(1).Create(first, s_ada);

        Assert.Equal((ErrorCodes.MobileTaken, true), Told(await User(2).Create(second, s_ada)));
        Assert.Equal((ErrorCodes.NoSuchUser, true), Told(await Points(2).Add(new Branch("g2", "02"), 10)));
        await User(1).Remove(first);
        Assert.Equal((ErrorCodes.MobileTaken, true), Told(await User(2).Create(second, s_ada)));
        await User(2).Create(new Branch("g3", "01"), s_ada);
        Assert.True((await Points(2).Add(new Branch("g2", "02"), 10)).IsRefused);
        Assert.Equal(["0"], await mall.SqlAsync("select balance from points"));

        IUserGrain User(long id) => mall.Grains.GetGrain<IUserGrain>(id);
        IPointsGrain Points(long id) => mall.Grains.GetGrain<IPointsGrain>(id);
        static (int?, bool?) Told(Result<Done> answer) => (answer.Refusal?.Code, answer.Refusal?.IsSealed);
    }

    [Fact]
    public async Task Whoever_has_a_shop_is_a_seller()
    {
        await using var mall = await TestMall.OpenAsync();
        var id = await mall.RegisterAsync(s_ada.Mobile);
        var accounts = mall.Grains.GetGrain<IAccountDirectoryGrain>(0);

        var before = await accounts.FindByMobile(s_ada.Mobile);
        await mall.SellAsync(id, 1);
        var after = await accounts.FindByMobile(s_ada.Mobile);

        Assert.Equal(("user", "seller"), (before!.Role, after!.Role));
        Assert.Null(await accounts.FindByMobile("nobody"));
    }

    [Fact]
    public async Task Orders_of_nobody_are_refused_before_anything_is_written()
    {
        await using var mall = await TestMall.OpenAsync();
        var product = await mall.SellAsync(await mall.RegisterAsync(), 5);

        var placed = await mall.PlaceAsync("g1", userId: 99, new Orders.OrderLine(product, 1));

        Assert.Equal(ErrorCodes.NoSuchUser, placed.Refusal!.Code);
        Assert.Empty(await mall.SqlAsync("select status from sagas where gid = 'g1'"));
        Assert.Equal(["5"], await mall.SqlAsync("select stock from products"));
    }
}
