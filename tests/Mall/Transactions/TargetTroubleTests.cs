using System.Net;
using System.Net.Sockets;
using Mall.Api.Transactions;
using Mall.Tests.Hosting;
using Mall.TestServers;
using Microsoft.Extensions.Time.Testing;

namespace Mall.Tests.Transactions;

/// <summary>One target hangs, is away, comes back, or has a name that nobody answers for: the others do not notice.</summary>
public sealed class TargetTroubleTests(DtmMall mall) : IClassFixture<DtmMall>
{
    private const int More = 200; // Than one target is called with at a time.

    private static string NewGid() => $"gid-{Guid.NewGuid():N}";

    private static object Saga(string gid, string action, int requestTimeout = 60) => new
    {
        gid, trans_type = "saga", wait_result = requestTimeout < 60, request_timeout = requestTimeout, retry_interval = 1,
        steps = new[] { new { action, compensate = action } }, payloads = new[] { "{}" },
    };

    [Fact]
    public async Task TargetThatHangs_HoldsUpNoOther_NotEvenOneBehindTheSameAddress()
    {
        await using var hung = await Services.OpenAsync();
        var slow = Enumerable.Range(0, More).Select(i => (Gid: NewGid(), IsRpc: i % 2 == 0)).ToArray();
        await Task.WhenAll(slow.Select(s =>
            mall.PostAsync("submit", Saga(s.Gid, s.IsRpc ? hung.Rpc("held") : hung.Url("held")))));
        await Task.WhenAll(Enumerable.Range(0, More).Select(_ => mall.PostAsync("submit", Saga(NewGid(), hung.Url("held?2")))));
        // Each of these answers with what its saga came to within two seconds, while the others have a minute.
        foreach (var target in (string[])[hung.Url("ok"), hung.Rpc("ok"), mall.Services.Url("ok"), mall.Services.Rpc("ok")])
            Assert.Equal(HttpStatusCode.OK, (await mall.PostAsync("submit", Saga(NewGid(), target, 2))).Status);
        Assert.Equal("submitted", await mall.StatusAsync(slow[0].Gid));
        hung.Release();
        foreach (var (gid, _) in slow) await mall.UntilAsync(gid, "succeed");
    }

    [Fact]
    public async Task ServiceThatHung_OrWasAway_AndReturns_IsCalledAgain_AndNeverCompensated()
    {
        var (hung, away, port) = (NewGid(), NewGid(), FreePorts.Take());
        Assert.Equal(
            (HttpStatusCode)425, (await mall.PostAsync("submit", Saga(away, $"http://127.0.0.1:{port}/ok", 1))).Status);
        await using var returned = await Services.OpenAsync(port);
        Assert.Equal(
            (HttpStatusCode)425, (await mall.PostAsync("submit", Saga(hung, mall.Services.Url("then/hang,ok"), 1))).Status);
        await mall.UntilAsync(away, "succeed");
        await mall.UntilAsync(hung, "succeed");
        Assert.Equal(["01 action"], returned.OpsOf(away));
        Assert.Equal(["01 action", "01 action"], mall.Services.OpsOf(hung));
    }

    /// <summary>It may take a minute to answer; the mall that drives it does not take that long to end.</summary>
    [Fact]
    public async Task ServiceThatHangs_HoldsNoShutdown_AndIsCalledAgainAfterwards()
    {
        var gid = NewGid();
        Assert.Equal(HttpStatusCode.OK, (await mall.PostAsync("submit", Saga(gid, mall.Services.Url("then/hang,ok")))).Status);
        await TestMall.EventuallyAsync(() => Task.FromResult(mall.Services.Of(gid).Length == 1), "it is called");
        await mall.ReopenAsync().WaitAsync(TimeSpan.FromSeconds(45), TestContext.Current.CancellationToken);
        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(["01 action", "01 action"], mall.Services.OpsOf(gid));
    }

    [Fact]
    public async Task NamesThatNobodyAnswersFor_AreGivenUpTogether()
    {
        var clock = new FakeTimeProvider();
        var book = Book(_ => new TaskCompletionSource<IPAddress[]>().Task, clock);
        var asked = book.ComplaintAsync(Targets(1000), TestContext.Current.CancellationToken);
        Assert.False(asked.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<TimeoutException>(() => asked);
    }

    [Fact]
    public async Task Names_AreEachLookedUpOnce_AndTheFirstThatIsOutsideIsNamed()
    {
        var lookedUp = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var book = Book(
            name =>
            {
                lookedUp.Enqueue(name);
                return name switch
                {
                    "host7" => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("10.0.0.1")]),
                    "host9" => Task.FromException<IPAddress[]>(new SocketException()),
                    _ => Task.FromResult<IPAddress[]>([IPAddress.Loopback]),
                };
            },
            TimeProvider.System);
        var stop = TestContext.Current.CancellationToken;
        Assert.Null(await book.ComplaintAsync([.. Targets(7), .. Targets(7).Select(t => t + "?again")], stop));
        Assert.Equal(7, lookedUp.Count);
        Assert.Contains("host7", await book.ComplaintAsync(Targets(20), stop), StringComparison.Ordinal);
        Assert.Contains("host9", await book.ComplaintAsync(["http://host9/x"], stop), StringComparison.Ordinal);
    }

    /// <summary>What has ended stays as it ended, whatever is asked of it, and however often.</summary>
    [Theory]
    [InlineData("tcc", "submit", "succeed")]
    [InlineData("tcc", "abort", "failed")]
    [InlineData("xa", "submit", "succeed")]
    [InlineData("xa", "abort", "failed")]
    [InlineData("tcc", "forceStop", "failed")]
    [InlineData("msg", "submit", "succeed")]
    [InlineData("msg", "abort", "failed")]
    [InlineData("msg", "forceStop", "failed")]
    [InlineData("workflow", "submit", "succeed")]
    [InlineData("workflow", "forceStop", "failed")]
    [InlineData("saga", "submit", "succeed")]
    [InlineData("saga", "forceStop", "failed")]
    public async Task EndedTransaction_IsNeitherStoppedNorAbortedNorBegunAgain(string type, string call, string end)
    {
        var gid = NewGid();
        var body = new
        {
            gid, trans_type = type, query_prepared = mall.Services.Url("ok"), timeout_to_fail = 60,
            custom_data = """{"name":"flow"}""", req_extra = new { status = "succeed" },
            steps = new[] { new { action = mall.Services.Url(call == "submit" ? "ok" : "ongoing") } },
        };
        Task<Answer> AskAsync(string what) => mall.PostAsync(what, body);
        if (type != "saga") Assert.Equal(HttpStatusCode.OK, (await AskAsync("prepare")).Status);
        else if (call != "submit") Assert.Equal(HttpStatusCode.OK, (await AskAsync("submit")).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(call)).Status);
        await mall.UntilAsync(gid, end);
        var calls = mall.Services.Of(gid).Length;
        foreach (var again in (string[])["abort", "forceStop", "abort", "forceStop", "submit", "prepare"])
        {
            // A repeat of what has been said is taken: the first answer may have been lost.
            var expected = again == "submit" && end == "succeed" ? HttpStatusCode.OK
                : again == "prepare" && type == "saga" ? HttpStatusCode.InternalServerError // It makes no sense at any time.
                : HttpStatusCode.Conflict;
            Assert.Equal((again, expected), (again, (await AskAsync(again)).Status));
            Assert.Equal(end, await mall.StatusAsync(gid));
        }

        Assert.Equal(calls, mall.Services.Of(gid).Length);
    }

    private static TargetBook Book(Func<string, Task<IPAddress[]>> lookUp, TimeProvider clock) =>
        new(TargetRules.Parse(["127.0.0.0/8"], out _)!, [], lookUp, clock);

    private static IEnumerable<string> Targets(int count) => Enumerable.Range(0, count).Select(i => $"http://host{i}/x");
}
