using System.Net;
using System.Text.Json;
using Mall.Tests.FrontDoor;
using Mall.Tests.FrontDoor.Contract;
using Mall.Tests.Hosting;

namespace Mall.Tests.Events;

/// <summary>Schedules run at their times, once in the cluster, and are in an operator's hand.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class ScheduleTests(EveryDatabase databases)
{
    public static TheoryData<string> Names => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Schedules_RunWhenWanted_AndTellTheirOutcome(string database)
    {
        var mall = await databases.OnAsync(database);
        await mall.SellerAsync();
        // Others write into this mall's books with SQL of their own: whether they agree is another test's matter.
        foreach (var (name, outcome) in new[]
            { ("clean-up", "^0 events removed"), ("reconciliation", "^(no|[0-9]+) difference"), ("shop-report", "") })
        {
            var ran = (await SendAsync(mall, $"POST /v1/schedules/{name}/run")).Json;
            Assert.Matches(outcome, ran.GetProperty("outcome").GetString());
            Assert.True(ran.TryGetProperty("lastRun", out _));
        }

        var again = (await SendAsync(mall, "POST /v1/schedules/shop-report/run")).Json;
        Assert.StartsWith("0 shops", again.GetProperty("outcome").GetString(), StringComparison.Ordinal);
        var all = (await SendAsync(mall, "GET /v1/schedules")).Json.GetProperty("items").EnumerateArray();
        Assert.Equal(
            ["clean-up", "reconciliation", "shop-report"], all.Select(schedule => schedule.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Change_TakesWhatMeansSomething_AndRefusesTheRestByName()
    {
        var mall = await databases.OnAsync("SQLite");
        const string path = "PATCH /v1/schedules/clean-up";
        foreach (var (body, field) in new[]
        {
            ("""{"cron":"61 * * * *"}""", "cron"), ("""{"cron":"0 0 30 2 *"}""", "cron"), ("""{"zone":"Mars/Base"}""", "zone"),
        })
        {
            var refused = await SendAsync(mall, path, body);
            Assert.Equal((HttpStatusCode.BadRequest, 100002), (refused.Status, refused.Code));
            Assert.True(refused.Json.GetProperty("errors").TryGetProperty(field, out _));
        }

        var paused = (await SendAsync(mall, path, """{"paused":true}""")).Json;
        Assert.False(paused.TryGetProperty("nextRun", out _));
        var moved = (await SendAsync(mall, path, """{"paused":false,"cron":"0 12 1 1 *","zone":"Asia/Tokyo"}""")).Json;
        Assert.Equal(3, moved.GetProperty("nextRun").GetDateTime().ToUniversalTime().Hour);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(mall, "PATCH /v1/schedules/none", "{}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(mall, "POST /v1/schedules/none/run")).Status);
        await SendAsync(mall, path, """{"cron":"17 * * * *","zone":"UTC"}""");
    }

    [Fact]
    public async Task Reconciliation_OfABookThatWasTamperedWith_RaisesTheAlarm()
    {
        await using var mall = await WholeMall.OpenAsync();
        var (_, seller) = await mall.RegisterAsync("13800000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", seller);
        var product = await mall.SellAsync(seller, stock: 5);
        await using (var book = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={mall.Folder}/mall.db;Pooling=False"))
        {
            await book.OpenAsync(TestContext.Current.CancellationToken);
            await using var tamper = book.CreateCommand();
            tamper.CommandText = "update products set sold = 3";
            await tamper.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var ran = (await mall.SendAsync("POST", "/v1/schedules/reconciliation/run", token: Jwt.Operator)).Json;

        Assert.Equal($"1 differences: product {product} has 3 instead of 0", ran.GetProperty("outcome").GetString());
        Assert.Contains(mall.Log.Errors, line => line.Contains($"product {product} has 3", StringComparison.Ordinal));
    }

    private static Task<Answer> SendAsync(ContractMall mall, string request, string? json = null) =>
        mall.SendAsync(request, json, Jwt.Operator);
}
