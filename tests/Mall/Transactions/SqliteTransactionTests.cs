using System.Net;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>The contract on SQLite, and what does not depend on the database: every row of DTM's tables over HTTP.</summary>
public sealed partial class SqliteTransactionTests(DtmMall mall) : TransactionContract(mall), IClassFixture<DtmMall>
{
    private object Msg(string gid, string query, params string[] actions) => new
    {
        gid, trans_type = "msg", query_prepared = Services.Url(query), timeout_to_fail = 1,
        steps = actions.Select(a => new { action = Services.Url(a) }), payloads = actions.Select(_ => "{}"),
    };

    [Fact]
    public async Task NewGid_Version_PingAndMetrics_Answer()
    {
        var (one, two) = (await Mall.GetAsync("newGid"), await Mall.GetAsync("newGid"));
        Answered(HttpStatusCode.OK, "SUCCESS", one);
        Assert.NotEqual(one.Json.GetProperty("gid").GetString(), two.Json.GetProperty("gid").GetString());
        Assert.NotEmpty((await Mall.GetAsync("version")).Json.GetProperty("version").GetString()!);
        Assert.Equal("pong", (await Mall.SendAsync("GET", "/api/ping")).Json.GetProperty("msg").GetString());
        using var metrics = await Mall.Client.GetAsync("/api/metrics", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, metrics.StatusCode);
        using var shop = await Mall.Client.GetAsync("/v1/products", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, shop.StatusCode);
    }

    [Theory]
    [InlineData("ok", "succeed", HttpStatusCode.OK, "SUCCESS")]
    [InlineData("refuse", "failed", HttpStatusCode.Conflict, "FAILURE")]
    [InlineData("refuse-by-body", "failed", HttpStatusCode.Conflict, "FAILURE")]
    [InlineData("ongoing", "submitted", (HttpStatusCode)425, "ONGOING")]
    [InlineData("ongoing-by-body", "submitted", (HttpStatusCode)425, "ONGOING")]
    [InlineData("break", "submitted", (HttpStatusCode)425, "ONGOING")]
    [InlineData("created", "submitted", (HttpStatusCode)425, "ONGOING")]
    [InlineData("moved", "submitted", (HttpStatusCode)425, "ONGOING")]
    public async Task Saga_ThatWaitsForItsResult_IsToldWhatItsFirstRoundCameTo(
        string action, string status, HttpStatusCode code, string result)
    {
        var gid = NewGid();
        var saga = new
        {
            gid, trans_type = "saga", wait_result = true, retry_interval = 3600,
            steps = new[] { new { action = Services.Url(action), compensate = Services.Url("ok") } },
        };
        Answered(code, result, await Mall.PostAsync("submit", saga));
        Assert.Equal(status, await Mall.StatusAsync(gid));
        Assert.Equal("GET", Services.Of(gid)[0].Method);
        Assert.Single(Services.OpsOf(gid), "01 action");
        await Mall.PostAsync("forceStop", new { gid });
    }

    [Fact]
    public async Task Saga_Submitted_Again_GoesOn_AndAfterItsFailure_IsRefused()
    {
        var (good, bad) = (NewGid(), NewGid());
        await SubmitAsync(Saga(good, "ok"));
        await Mall.UntilAsync(good, "succeed");
        await SubmitAsync(Saga(good, "ok"));
        await SubmitAsync(Saga(bad, "refuse"));
        await Mall.UntilAsync(bad, "failed");
        Answered(HttpStatusCode.Conflict, "FAILURE", await Mall.PostAsync("submit", Saga(bad, "refuse")));
        Assert.Single(Services.Of(good));
    }

    [Fact]
    public async Task Saga_Concurrent_CallsAfterGivenPredecessors_AndCompensatesInReverse()
    {
        var gid = NewGid();
        await SubmitAsync(new
        {
            gid, trans_type = "saga", custom_data = """{"concurrent":true,"orders":{"2":[0,1],"3":[2]}}""",
            steps = ((string[])["ok", "ok", "ok", "refuse"]).Select(a =>
                new { action = Services.Url(a), compensate = Services.Url("ok") }),
            payloads = new[] { "{}", "{}", "{}", "{}" },
        });
        await Mall.UntilAsync(gid, "failed");
        var ops = Services.OpsOf(gid);
        Assert.Equal(["01 action", "02 action"], ops[..2].Order());
        Assert.Equal(["03 action", "04 action", "04 compensate", "03 compensate"], ops[2..6]);
        Assert.Equal(["01 compensate", "02 compensate"], ops[6..].Order());
    }

    [Fact]
    public async Task Saga_WhoseCompensationStumbles_IsCompensatedUntilThatSucceeds()
    {
        var gid = NewGid();
        await SubmitAsync(new
        {
            gid, trans_type = "saga",
            steps = new[] { new { action = Services.Url("refuse"), compensate = Services.Url("then/refuse,ongoing,break,ok") } },
        });
        for (var i = 0; i < 3; i++)
        {
            await TestMall.EventuallyAsync(() => Task.FromResult(Services.Of(gid).Length >= i + 2), "it is compensated");
            Assert.Equal("aborting", await Mall.StatusAsync(gid));
            await Mall.WakeAsync(gid);
        }

        await Mall.UntilAsync(gid, "failed");
        Assert.Equal(5, Services.Of(gid).Length);
    }

    [Fact]
    public async Task Saga_WithARetryLimit_AbortsWhenItIsReached_AndOneWithATimeout_WhenThatHasPassed()
    {
        var (limited, late) = (NewGid(), NewGid());
        await SubmitAsync(new
        {
            gid = limited, trans_type = "saga", retry_limit = 1, retry_interval = 1,
            steps = new[] { new { action = Services.Url("break"), compensate = Services.Url("ok") } },
        });
        await SubmitAsync(new
        {
            gid = late, trans_type = "saga", timeout_to_fail = 1, retry_interval = 3600,
            steps = new[] { new { action = Services.Url("ongoing"), compensate = Services.Url("ok") } },
        });
        await Mall.UntilAsync(limited, "failed");
        await Mall.UntilAsync(late, "failed");
        Assert.Equal(["01 action", "01 action", "01 compensate"], Services.OpsOf(limited));
        Assert.Equal(["01 action", "01 compensate"], Services.OpsOf(late));
    }

    [Fact]
    public async Task Saga_WithEmptyUrls_CallsNothingThere()
    {
        var gid = NewGid();
        await SubmitAsync(new
        {
            gid, trans_type = "saga",
            steps = new[] { new { action = "", compensate = "" }, new { action = Services.Url("refuse"), compensate = "" } },
        });
        await Mall.UntilAsync(gid, "failed");
        Assert.Equal(["02 action"], Services.OpsOf(gid));
    }

    [Fact]
    public async Task Headers_OfBranches_AreThoseGiven_AndThosePassedThrough()
    {
        var gid = NewGid();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/dtmsvr/submit");
        request.Headers.Add("x-user", "ada");
        request.Headers.Add("x-other", "not asked for");
        request.Content = new StringContent($$"""
            {"gid":"{{gid}}","trans_type":"saga","wait_result":true,"branch_headers":{"x-tenant":"7"},
             "passthrough_headers":["x-user"],
             "steps":[{"action":"{{Services.Url("ok")}}"}],"payloads":["{}"],"unknown":[1]}
            """);
        using var answer = await Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var headers = Services.Of(gid)[0].Headers;
        Assert.Equal(("7", "ada"), (headers["x-tenant"], headers["x-user"]));
        Assert.False(headers.ContainsKey("x-other"));
    }

    [Theory]
    [InlineData("ok", "succeed")]
    [InlineData("refuse", "failed")]
    [InlineData("then/ongoing,ok", "succeed")]
    [InlineData("then/break,ok", "succeed")]
    public async Task Message_PreparedTooLong_AsksItsClient(string query, string status)
    {
        var gid = NewGid();
        var message = Msg(gid, query, "ok");
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("prepare", message));
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("prepare", message));
        await Mall.UntilAsync(gid, status);
        Assert.Equal("00 msg", Services.OpsOf(gid)[0]);
        Assert.Equal(status == "succeed", Services.OpsOf(gid).Contains("01 action"));
        Answered(HttpStatusCode.Conflict, "FAILURE", await Mall.PostAsync("prepare", message));
    }

    /// <summary>The mall keeps its own sagas' names; others that look alike are anybody's.</summary>
    [Fact]
    public async Task Gid_ThatOnlyLooksLikeTheMalls_IsTaken()
    {
        foreach (var gid in (string[])[$"saga-1-{Guid.NewGuid():N}", "refund-a-1", "close-1-2"])
        {
            await SubmitAsync(Saga(gid, "ok"));
            await Mall.UntilAsync(gid, "succeed");
        }
    }

    [Fact]
    public async Task Abort_IsForPreparedMessagesTccAndXa_AndForNothingElse()
    {
        var (msg, saga) = (NewGid(), NewGid());
        await Mall.PostAsync("prepare", Msg(msg, "ok", "ok"));
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("abort", new { gid = msg, trans_type = "msg" }));
        Assert.Equal("failed", await Mall.StatusAsync(msg));
        Answered(HttpStatusCode.Conflict, "FAILURE", await Mall.PostAsync("abort", new { gid = msg, trans_type = "msg" }));
        Answered(HttpStatusCode.Conflict, "FAILURE", await Mall.PostAsync("submit", Msg(msg, "ok", "ok")));
        await SubmitAsync(Saga(saga, "ok"));
        Answered(HttpStatusCode.Conflict, "FAILURE", await Mall.PostAsync("abort", new { gid = saga, trans_type = "saga" }));
        Answered(HttpStatusCode.Conflict, "FAILURE", await Mall.PostAsync("abort", new { gid = NewGid(), trans_type = "tcc" }));
    }

    [Fact]
    public async Task Xa_PostsToItsOneUrl_AndIsRolledBackWhenItIsPreparedTooLong()
    {
        var (committed, late) = (NewGid(), NewGid());
        foreach (var gid in (string[])[committed, late])
        {
            await Mall.PostAsync("prepare", new { gid, trans_type = "xa", timeout_to_fail = gid == late ? 1 : 60 });
            Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("registerXaBranch", new
            {
                gid, trans_type = "xa", branch_id = "01", url = Services.Url("ok"),
            }));
        }

        await SubmitAsync(new { gid = committed, trans_type = "xa" });
        await Mall.UntilAsync(committed, "succeed");
        await Mall.UntilAsync(late, "failed");
        var (commit, rollback) = (Assert.Single(Services.Of(committed)), Assert.Single(Services.Of(late)));
        Assert.Equal(("commit", "POST"), (commit.Op, commit.Method));
        Assert.Equal(("rollback", "POST"), (rollback.Op, rollback.Method));
        Answered(HttpStatusCode.Conflict, "FAILURE", await Mall.PostAsync("registerBranch", new
        {
            gid = committed, trans_type = "xa", branch_id = "02", url = Services.Url("ok"),
        }));
    }

    /// <summary>While its client is asked what became of a message, it is stopped: that answer is one too late.</summary>
    [Fact]
    public async Task ForceStop_OfAMessageWhoseClientIsBeingAsked_Stays()
    {
        var gid = NewGid();
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("prepare", Msg(gid, "held", "ok")));
        await TestMall.EventuallyAsync(() => Task.FromResult(Services.OpsOf(gid) is ["00 msg"]), "its client is asked");
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("forceStop", new { gid }));
        Services.Release();
        for (var i = 0; i < 50; i++) Assert.Equal("failed", await Mall.StatusAsync(gid));
        Assert.Equal(["00 msg"], Services.OpsOf(gid));
    }

    [Fact]
    public async Task ForceStop_FailsWhatHasNotEnded_AndCallsNothingMore_AndSaysSoInTheLog()
    {
        var gid = NewGid();
        await SubmitAsync(Saga(gid, "ongoing"));
        await TestMall.EventuallyAsync(() => Task.FromResult(Services.Of(gid).Length > 0), "it is called");
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("forceStop", new { gid }));
        Assert.Equal("failed", await Mall.StatusAsync(gid));
        Assert.DoesNotContain("01 compensate", Services.OpsOf(gid));
        Answered(HttpStatusCode.Conflict, "FAILURE", await Mall.PostAsync("forceStop", new { gid }));
        Assert.Contains(Mall.Log.Warnings, line => line.Contains(gid, StringComparison.Ordinal)
            && line.Contains("force", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ResetCronTime_TriesAgainNow_WhatWouldWait()
    {
        var gid = NewGid();
        await SubmitAsync(new
        {
            gid, trans_type = "saga", retry_interval = 3600, steps = new[] { new { action = Services.Url("then/ongoing,ok") } },
        });
        await TestMall.EventuallyAsync(
            async () => await Mall.CountAsync(
                $"select count(*) from sagas where gid = '{gid}' and next_time > update_time + 600000") == 1, "it waits an hour");
        var reset = await Mall.GetAsync("resetCronTime?timeout=600&limit=1000");
        Assert.True(reset.Json.GetProperty("succeed_count").GetInt32() >= 1);
        Assert.False(reset.Json.GetProperty("has_remaining").GetBoolean());
        await Mall.UntilAsync(gid, "succeed");
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.WakeAsync(gid));
    }

    [Fact]
    public async Task RequestTimeout_OfMoreThanAnHour_IsAnHour()
    {
        var gid = NewGid();
        await SubmitAsync(new
        {
            gid, trans_type = "saga", request_timeout = 100_000, wait_result = true,
            steps = new[] { new { action = Services.Url("ok") } },
        });
        var kept = (await Mall.GetAsync($"query?gid={gid}")).Json.GetProperty("transaction");
        Assert.Equal(3600, kept.GetProperty("request_timeout").GetInt32());
    }

    [Fact]
    public async Task Workflow_WithNobodyToCall_IsATroubleOnceItIsLate()
    {
        var gid = NewGid();
        await Mall.PostAsync("prepareWorkflow", new
        {
            gid, trans_type = "workflow", timeout_to_fail = 1, retry_interval = 1, custom_data = """{"name":"w","data":""}""",
        });
        await TestMall.EventuallyAsync(
            async () => await Mall.CountAsync(
                $"select count(*) from sagas where gid = '{gid}' and attempts > 1 and reason like '%nobody%'") == 1,
            "it is known that its client may be dead");
    }

    [Fact]
    public async Task All_ListsAsManyAsAreAskedFor()
    {
        await Task.WhenAll(Enumerable.Range(0, 120).Select(_ =>
            Mall.PostAsync("prepare", new { gid = NewGid(), trans_type = "tcc", timeout_to_fail = 3600 })));
        var page = await Mall.GetAsync("all?limit=110&transType=tcc&status=prepared");
        Assert.Equal(110, page.Json.GetProperty("transactions").GetArrayLength());
        var rest = await Mall.GetAsync(
            $"all?limit=1000&transType=tcc&status=prepared&position={page.Json.GetProperty("next_position").GetString()}");
        Assert.InRange(rest.Json.GetProperty("transactions").GetArrayLength(), 10, 890);
        Assert.Equal("", rest.Json.GetProperty("next_position").GetString());
        var all = page.Json.GetProperty("transactions").EnumerateArray().Concat(
            rest.Json.GetProperty("transactions").EnumerateArray()).Select(one => one.GetProperty("gid").GetString()).ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
    }

    [Theory]
    [InlineData("delay")]
    [InlineData("result")]
    public async Task Workflow_WhoseStepIsNamedAsTheTransactionItself_IsRefusedIt_AndEndsAllTheSame(string op)
    {
        var gid = NewGid();
        await Mall.PostAsync("prepareWorkflow", new
        {
            gid, trans_type = "workflow", query_prepared = Services.Url("ongoing"), custom_data = """{"name":"w","data":""}""",
        });

        var registered = await Mall.PostAsync("registerBranch", new
        {
            gid, trans_type = "workflow", branch_id = "00", op, status = "succeed", data = "done",
        });

        Answered(HttpStatusCode.Conflict, "FAILURE", registered);
        Assert.Contains("00", registered.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        var conclusion = new { gid, trans_type = "workflow", req_extra = new { status = "succeed", result = "" } };
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("submit", conclusion));
        Assert.Equal("succeed", await Mall.StatusAsync(gid));
    }

    [Fact]
    public async Task Query_OfNobody_IsEmpty_AndOfNothing_IsAnError()
    {
        var nobody = await Mall.GetAsync("query?gid=1");
        Assert.Equal(System.Text.Json.JsonValueKind.Null, nobody.Json.GetProperty("transaction").ValueKind);
        Assert.Empty(nobody.Json.GetProperty("branches").EnumerateArray());
        Assert.Equal(HttpStatusCode.InternalServerError, (await Mall.GetAsync("query")).Status);
    }
}
