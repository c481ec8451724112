using System.Net;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>A saga with a retry limit is repeated at once, so that whoever waits for it is told how it ended.</summary>
public sealed class RetryLimitTests(DtmMall mall) : IClassFixture<DtmMall>
{
    private const int AtOnce = 100; // As many calls has one burst.

    private static string NewGid() => $"gid-{Guid.NewGuid():N}";

    private object Saga(string gid, int limit, params string[] actions) => new
    {
        gid, trans_type = "saga", wait_result = true, retry_limit = limit, retry_interval = 3600,
        custom_data = actions.Length > 1 ? """{"concurrent":true}""" : null,
        steps = actions.Select(action => new { action = mall.Services.Url(action), compensate = mall.Services.Url("ok") }),
    };

    private Task<long> CountAsync(string gid, string condition) =>
        mall.CountAsync($"select count(*) from sagas where gid = '{gid}' and {condition}");

    [Theory]
    [InlineData("then/break,break,ok", HttpStatusCode.OK, "succeed", 3)]
    [InlineData("then/break,break,break,ok", HttpStatusCode.Conflict, "failed", 3)]
    [InlineData("then/break,refuse", HttpStatusCode.Conflict, "failed", 2)]
    public async Task Saga_ThatIsWaitedFor_IsRepeatedAtOnceUntilItsLimit_AndTellsItsEnd(
        string action, HttpStatusCode answer, string status, int calls)
    {
        var gid = NewGid();
        Assert.Equal(answer, (await mall.PostAsync("submit", Saga(gid, 2, action))).Status);
        await mall.UntilAsync(gid, status);
        var actions = Enumerable.Repeat("01 action", calls);
        Assert.Equal(status == "failed" ? [.. actions, "01 compensate"] : actions, mall.Services.OpsOf(gid));
    }

    [Fact]
    public async Task Saga_WhoseLimitIsReached_SaysSoInTheWordsOfDtm()
    {
        var gid = NewGid();
        var answer = await mall.PostAsync("submit", Saga(gid, 1, "break"));
        const string reason = "RetryCount is greater than RetryLimit, RetryLimit: 1";
        Assert.Equal(reason, answer.Json.GetProperty("message").GetString());
        var kept = (await mall.GetAsync($"query?gid={gid}")).Json.GetProperty("transaction");
        Assert.Equal(reason, kept.GetProperty("rollback_reason").GetString());
    }

    /// <summary>What is ongoing needs its time: it is asked at its interval, and that does not count.</summary>
    [Theory]
    [InlineData(1, 0, "ongoing")]
    [InlineData(2, 1, "then/break,ongoing")]
    [InlineData(2, 1, "break", "ongoing")]
    public async Task Saga_OfWhichSomethingIsOngoing_RestsForItsInterval(int calls, int attempts, params string[] actions)
    {
        var gid = NewGid();
        Assert.Equal((HttpStatusCode)425, (await mall.PostAsync("submit", Saga(gid, 2, actions))).Status);
        Assert.Equal(calls, mall.Services.Of(gid).Length);
        Assert.Equal(1, await CountAsync(
            gid, $"status = 'submitted' and attempts = {attempts} and next_time > update_time + 600000"));
        await mall.PostAsync("forceStop", new { gid });
    }

    [Fact]
    public async Task Saga_WithAVastLimit_RestsAfterABurst_ForTheIntervalOfOneFailure()
    {
        var gid = NewGid();
        Assert.Equal((HttpStatusCode)425, (await mall.PostAsync("submit", Saga(gid, 1_000_000, "break"))).Status);
        Assert.Equal(AtOnce, mall.Services.Of(gid).Length);
        Assert.Equal(1, await CountAsync(gid, $"attempts = {AtOnce} and next_time = update_time + 3600000"));
        await mall.WakeAsync(gid);
        await TestMall.EventuallyAsync(async () => await CountAsync(gid, $"attempts = {2 * AtOnce}") == 1, "it goes on");
        Assert.Equal(2 * AtOnce, mall.Services.Of(gid).Length);
        await mall.PostAsync("forceStop", new { gid });
    }

    /// <summary>Each failure is counted before the next call, and what has been counted stays so.</summary>
    [Fact]
    public async Task Saga_WhoseMallEndsAmidItsRepeats_IsRepeatedNoMoreOftenAfterwards()
    {
        var gid = NewGid();
        var saga = new
        {
            gid, trans_type = "saga", retry_limit = 3, retry_interval = 3600,
            steps = new[] { new { action = mall.Services.Url("then/break,break,hang,break"), compensate = "" } },
        };
        await mall.PostAsync("submit", saga);
        await TestMall.EventuallyAsync(() => Task.FromResult(mall.Services.Of(gid).Length == 3), "its third call hangs");
        await mall.ReopenAsync();
        await mall.UntilAsync(gid, "failed");
        Assert.InRange(mall.Services.Of(gid).Length, 4, 5); // Whether the third was given up is not known to all malls.
    }
}
