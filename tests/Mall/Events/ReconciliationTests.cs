using System.Text.RegularExpressions;
using Mall.Schedules;
using Mall.Tests.FrontDoor.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Events;

/// <summary>What differs is found, whatever is sold meanwhile; what is stuck half-way differs from nothing.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class ReconciliationTests(EveryDatabase databases)
{
    private const string Stuck =
        "insert into sagas (gid, kind, status, payload, version, create_time, update_time) values "; // Parked: none resumes it.

    public static TheoryData<string> Names => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Difference_ThatMovesMeanwhile_IsFound(string database)
    {
        var mall = await databases.OnAsync(database);
        var (token, product) = await SellAsync(mall);
        await mall.RunSqlAsync($"update products set sold = sold + 1 where id = {product}");

        var looking = AlarmsAsync(mall, product);
        do await OrderAsync(mall, token, product);
        while (!looking.IsCompleted);

        Assert.Matches("^has [0-9]+ where", Assert.Single(await looking));
        await mall.RunSqlAsync($"update products set sold = sold - 1 where id = {product}");
        Assert.Empty(await AlarmsAsync(mall, product));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Order_ThatIsStuckHalfWay_IsNoDifference_UnlessItsStockIs(string database)
    {
        var mall = await databases.OnAsync(database);
        var (token, product) = await SellAsync(mall);
        var (id, gid) = await OrderAsync(mall, token, product);

        // Being placed: its stock has been taken, or not, or been given back.
        await mall.RunSqlAsync($"update sagas set status = 'aborting', next_time = null where gid = '{gid}'");
        await ExpectAsync(mall, product);
        await mall.RunSqlAsync(Acted(gid, "compensate"));
        await ExpectAsync(mall, product, "has 2 where the movements add up to 0");
        await mall.RunSqlAsync($"delete from barrier where gid = '{gid}' and branch_id = '02'");
        await ExpectAsync(mall, product, "has 2 where the movements add up to 0");
        await mall.RunSqlAsync($"update sagas set status = 'succeed' where gid = '{gid}'");
        await ExpectAsync(mall, product);

        // Paid, and being refunded; then closed, and being closed: the stock has not come back yet, then it has.
        foreach (var (status, saga) in new[] { (1, $"refund-{id}"), (2, $"close-{id}") })
        {
            await mall.RunSqlAsync($"{Stuck} ('{saga}', 'test', 'submitted', '', 1, 0, 0)");
            await mall.RunSqlAsync($"update orders set status = {status}, close_time = null where id = {id}");
            await ExpectAsync(mall, product);
            await mall.RunSqlAsync(Acted(saga, "action"));
            await ExpectAsync(mall, product, "has 2 where the movements add up to 0");
            await mall.RunSqlAsync($"update products set sold = 0 where id = {product}");
            await ExpectAsync(mall, product);
            await mall.RunSqlAsync($"delete from barrier where gid = '{saga}'");
            await ExpectAsync(mall, product, "has 0 where the movements add up to 2");
            await mall.RunSqlAsync($"update products set sold = 2 where id = {product}");
            await mall.RunSqlAsync($"delete from sagas where gid = '{saga}'");
        }

        await ExpectAsync(mall, product, "has 2 where the movements add up to 0");
        await mall.RunSqlAsync($"update products set sold = 0 where id = {product}");
        await ExpectAsync(mall, product);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Money_ThatNobodyOwes_IsFound_UnlessASagaGivesItBack(string database)
    {
        var mall = await databases.OnAsync(database);
        var (token, product) = await SellAsync(mall);
        var (id, _) = await OrderAsync(mall, token, product);
        Assert.Equal(201, (int)(await mall.SendAsync("POST /v1/payments", $$"""{"orderId":{{id}}}""", token)).Status);
        await mall.RunSqlAsync($"update orders set status = 2, close_time = null where id = {id}");
        await mall.RunSqlAsync($"update payments set status = 1 where order_id = {id}");

        Assert.Equal(["has 0 where the movements add up to 500"], await AlarmsAsync(mall, "order", id));
        await mall.RunSqlAsync($"{Stuck} ('refund-{id}', 'test', 'submitted', '', 1, 0, 0)");
        Assert.Empty(await AlarmsAsync(mall, "order", id));
        await mall.RunSqlAsync($"delete from sagas where gid = 'refund-{id}'");
        await mall.RunSqlAsync($"update orders set status = 1 where id = {id}");
        Assert.Empty(await AlarmsAsync(mall, "order", id));
        await mall.RunSqlAsync($"update payments set status = 3 where order_id = {id}");
        Assert.Equal(["has 500 where the movements add up to 0"], await AlarmsAsync(mall, "order", id));
        await mall.RunSqlAsync($"update orders set status = 3 where id = {id}");
        await mall.RunSqlAsync($"update products set sold = 0 where id = {product}");
    }

    private static async Task ExpectAsync(ContractMall mall, long product, params string[] alarms) =>
        Assert.Equal(alarms, await AlarmsAsync(mall, product));

    private static Task<List<string>> AlarmsAsync(ContractMall mall, long product) => AlarmsAsync(mall, "product", product);

    /// <summary>What it says of one row; others' rows are others' matter.</summary>
    private static async Task<List<string>> AlarmsAsync(ContractMall mall, string kind, long id)
    {
        var before = mall.Whole.Log.Errors.Count;
        await mall.Whole.Services.GetServices<IScheduledJob>().Single(job => job.Name == "reconciliation")
            .RunAsync(DateTimeOffset.UtcNow, TimeZoneInfo.Utc);
        return [.. mall.Whole.Log.Errors.Skip(before)
            .Select(line => Regex.Match(line, $"{kind} {id} (has [0-9]+ where .* [0-9]+)")).Where(match => match.Success)
            .Select(match => match.Groups[1].Value)];
    }

    private static async Task<(string Token, long Product)> SellAsync(ContractMall mall)
    {
        var token = await mall.SellerAsync();
        return (token, await mall.Whole.SellAsync(token, stock: 10_000));
    }

    private static async Task<(long Id, string Gid)> OrderAsync(ContractMall mall, string token, long product)
    {
        var items = $$"""{"items":[{"productId":{{product}},"quantity":2}]}""";
        var order = (await mall.SendAsync("POST /v1/orders", items, token)).Json;
        var (id, gid) = (order.GetProperty("id").GetInt64(), order.GetProperty("gid").GetString()!);
        await Hosting.TestMall.EventuallyAsync(
            async () => (await mall.SendAsync($"GET /v1/sagas/{gid}", token: FrontDoor.Jwt.Operator)).Json
                .GetProperty("status").GetString() == "succeed",
            "its saga ends");
        return (id, gid);
    }

    private static string Acted(string gid, string op) =>
        $"insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time) "
        + $"values ('saga', '{gid}', '02', '{op}', '01', '{op}', 0)";
}
