using System.Net;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>
/// What DTM's own tests play through and no other test here does; <c>docs/transactions-scenarios.md</c> has them all.
/// </summary>
public sealed class ScenarioTests(DtmMall mall) : IClassFixture<DtmMall>
{
    private static string NewGid() => $"gid-{Guid.NewGuid():N}";

    private Services Services => mall.Services;

    private async Task OkAsync(string call, object body) =>
        Assert.Equal(HttpStatusCode.OK, (await mall.PostAsync(call, body)).Status);

    private Task<Answer> RegisterAsync(string gid, string type, string branch, string url) => mall.PostAsync("registerBranch", new
    {
        gid, trans_type = type, branch_id = branch, data = "{}", url, confirm = url, cancel = url,
    });

    private async Task<string> ReasonAsync(string gid) =>
        (await mall.GetAsync($"query?gid={gid}")).Json.GetProperty("transaction").GetProperty("rollback_reason").GetString()!;

    /// <summary>Until every turn of a service that has several has come.</summary>
    private async Task WakeUntilAsync(string gid, string status)
    {
        while (await mall.StatusAsync(gid) != status)
        {
            var before = Services.Of(gid).Length;
            await mall.WakeAsync(gid);
            await TestMall.EventuallyAsync(
                async () => Services.Of(gid).Length > before || await mall.StatusAsync(gid) == status, $"{gid} is tried again");
        }
    }

    [Fact]
    public async Task Saga_OfAnOldClient_HasItsPayloadsInItsSteps()
    {
        var gid = NewGid();
        await OkAsync("submit", new
        {
            gid, trans_type = "saga", wait_result = true,
            steps = new[] { new { action = Services.Url("ok"), compensate = Services.Url("ok"), data = """{"amount":30}""" } },
        });
        Assert.Equal("""{"amount":30}""", Assert.Single(Services.Of(gid)).Body);
    }

    [Fact]
    public async Task Headers_AreSentWithRepeats_AndToBranchesOfTcc_Too()
    {
        var (saga, tcc) = (NewGid(), NewGid());
        var headers = new Dictionary<string, string> { ["x-tenant"] = "7" };
        await OkAsync("submit", new
        {
            gid = saga, trans_type = "saga", branch_headers = headers, retry_interval = 3600,
            steps = new[] { new { action = Services.Url("then/ongoing,ok") } },
        });
        await WakeUntilAsync(saga, "succeed");
        await OkAsync("prepare", new { gid = tcc, trans_type = "tcc", branch_headers = headers });
        await RegisterAsync(tcc, "tcc", "01", Services.Url("ok"));
        await OkAsync("submit", new { gid = tcc, trans_type = "tcc", branch_headers = headers });
        await mall.UntilAsync(tcc, "succeed");
        Assert.Equal(2, Services.Of(saga).Length);
        Assert.All([.. Services.Of(saga), .. Services.Of(tcc)], call => Assert.Equal("7", call.Headers["x-tenant"]));
    }

    [Fact]
    public async Task Saga_WhoseRetryLimitIsNotReached_Succeeds()
    {
        var gid = NewGid();
        await OkAsync("submit", new
        {
            gid, trans_type = "saga", retry_limit = 3, retry_interval = 3600,
            steps = new[] { new { action = Services.Url("then/break,break,ok"), compensate = Services.Url("ok") } },
        });
        await WakeUntilAsync(gid, "succeed");
        Assert.Equal(["01 action", "01 action", "01 action"], Services.OpsOf(gid));
    }

    [Theory]
    [InlineData("tcc", "submit", "then/ongoing,break,refuse,ok", "confirm", "succeed")]
    [InlineData("tcc", "abort", "then/ongoing,break,refuse,ok", "cancel", "failed")]
    [InlineData("xa", "submit", "then/ongoing,break,refuse,ok", "commit", "succeed")]
    [InlineData("xa", "abort", "then/ongoing,break,refuse,ok", "rollback", "failed")]
    public async Task SecondPhase_ThatStumbles_IsRepeatedUntilItSucceeds_OfNestedBranchesToo(
        string type, string call, string behaviour, string op, string end)
    {
        var gid = NewGid();
        var body = new { gid, trans_type = type, timeout_to_fail = 3600, retry_interval = 3600, rollback_reason = "no money" };
        await OkAsync("prepare", body);
        foreach (var (branch, url) in ((string, string)[])[("01", "ok"), ("02", behaviour), ("02-01", "ok")])
            Assert.Equal(HttpStatusCode.OK, (await RegisterAsync(gid, type, branch, Services.Url(url))).Status);
        await OkAsync(call, body);
        await OkAsync(call, body); // Its answer may have been lost.
        var other = await mall.PostAsync(call == "abort" ? "submit" : "abort", body);
        Assert.Equal(HttpStatusCode.Conflict, other.Status);
        await WakeUntilAsync(gid, end);
        Assert.Equal(
            [$"02-01 {op}", $"02 {op}", $"02 {op}", $"02 {op}", $"02 {op}", $"01 {op}"], Services.OpsOf(gid));
        if (call == "abort") Assert.Equal("no money", await ReasonAsync(gid));
    }

    [Theory]
    [InlineData("tcc")]
    [InlineData("xa")]
    public async Task TwoPhase_PreparedTooLong_IsGivenUp_WithoutBranches_Too_AndTakesNoneAfterwards(string type)
    {
        var (gid, empty) = (NewGid(), NewGid());
        await OkAsync("prepare", new { gid, trans_type = type, timeout_to_fail = 1 });
        await OkAsync("prepare", new { gid = empty, trans_type = type, timeout_to_fail = 3600 });
        await OkAsync("submit", new { gid = empty, trans_type = type });
        await mall.UntilAsync(empty, "succeed");
        await mall.UntilAsync(gid, "failed");
        Assert.Equal("Timeout after 1 seconds", await ReasonAsync(gid));
        Assert.Equal(HttpStatusCode.Conflict, (await RegisterAsync(gid, type, "01", Services.Url("ok"))).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await mall.PostAsync("submit", new { gid, trans_type = type })).Status);
        Assert.Empty(await mall.BranchesAsync(gid));
    }

    [Fact]
    public async Task Abort_ForAnotherKindThanItIs_IsRefused_AndWithoutOneIsTaken()
    {
        var gid = NewGid();
        await OkAsync("prepare", new { gid, trans_type = "tcc", timeout_to_fail = 3600 });
        await RegisterAsync(gid, "tcc", "01", Services.Url("ok"));
        foreach (var type in (string[])["msg", "xa"])
        {
            var refused = await mall.PostAsync("abort", new { gid, trans_type = type });
            Assert.Equal(HttpStatusCode.Conflict, refused.Status);
            Assert.Contains($"is a tcc, not a {type}", refused.Body, StringComparison.Ordinal);
        }

        Assert.Equal("prepared", await mall.StatusAsync(gid));
        await OkAsync("abort", new { gid });
        await mall.UntilAsync(gid, "failed");
        Assert.Equal(["01 cancel"], Services.OpsOf(gid));
    }

    [Fact]
    public async Task JsonRpcBranches_OfAMessage_AreAskedUntilTheySucceed_AndTccKnowsThem()
    {
        var (msg, tcc) = (NewGid(), NewGid());
        await OkAsync("submit", new
        {
            gid = msg, trans_type = "msg", protocol = "json-rpc", retry_interval = 3600, payloads = new[] { "{}" },
            steps = new[] { new { action = Services.Url("then/break,rpc-ongoing,rpc-refuse,rpc-ok?method=In") } },
        });
        await WakeUntilAsync(msg, "succeed");
        Assert.Equal(4, Services.Of(msg).Length);
        var body = new { gid = tcc, trans_type = "tcc", protocol = "json-rpc" };
        await OkAsync("prepare", body);
        await RegisterAsync(tcc, "tcc", "01", Services.Url("rpc-ok?method=Confirm"));
        await OkAsync("submit", body);
        await mall.UntilAsync(tcc, "succeed");
        Assert.Contains("\"method\":\"Confirm\"", Assert.Single(Services.Of(tcc)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Topic_SubscribedToByManyAtOnce_HasThemAll()
    {
        const int subscribers = 20;
        var topic = $"topic-{Guid.NewGuid():N}";
        var answers = await Task.WhenAll(Enumerable.Range(0, subscribers).Select(i =>
            mall.GetAsync($"subscribe?topic={topic}&url={Uri.EscapeDataString(Services.Url($"ok?{i}"))}")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var kept = (await mall.GetAsync($"queryKV?cat=topics&key={topic}")).Json.GetProperty("kv")[0];
        Assert.Equal(subscribers, kept.GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Topic_IsDeletedByItsNameInThePath_WhateverIsInIt()
    {
        foreach (var topic in (string[])["a/b", "a%2Fb", "a%2fb/c d", "ä/ö?"])
        {
            var (name, url) = (Uri.EscapeDataString(topic), Uri.EscapeDataString(Services.Url("ok")));
            Assert.Equal(HttpStatusCode.OK, (await mall.GetAsync($"subscribe?topic={name}&url={url}")).Status);
        }

        foreach (var topic in (string[])["a/b", "a%2Fb", "a%2fb/c d", "ä/ö?"])
        {
            var path = $"/api/dtmsvr/topic/{Uri.EscapeDataString(topic)}";
            Assert.Equal((topic, HttpStatusCode.OK), (topic, (await mall.SendAsync("DELETE", path)).Status));
            Assert.Equal((topic, HttpStatusCode.Conflict), (topic, (await mall.SendAsync("DELETE", path)).Status));
        }
    }

    [Fact]
    public async Task Saga_OfGrpcBranches_ConcurrentAndWithEmptyOnes_GoesTheSameWay()
    {
        var (good, bad) = (NewGid(), NewGid());
        object Saga(string gid, string last) => new
        {
            gid, trans_type = "saga", wait_result = true, custom_data = """{"concurrent":true,"orders":{"2":[0,1]}}""",
            steps = new[]
            {
                new { action = Services.Rpc("ok"), compensate = Services.Rpc("ok") },
                new { action = "", compensate = Services.Rpc("ok") },
                new { action = Services.Rpc(last), compensate = "" },
            },
        };
        await OkAsync("submit", Saga(good, "ok"));
        Assert.Equal(["01 action", "03 action"], Services.OpsOf(good));
        Assert.Equal(HttpStatusCode.Conflict, (await mall.PostAsync("submit", Saga(bad, "refuse"))).Status);
        await mall.UntilAsync(bad, "failed");
        var ops = Services.OpsOf(bad);
        Assert.Equal(["01 action", "03 action"], ops[..2]);
        Assert.Equal(["01 compensate", "02 compensate"], ops[2..].Order());
    }
}
