using System.Net;
using System.Text.Json;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>What holds on every database: one transaction of each kind that goes well, and one that does not.</summary>
public abstract class TransactionContract(DtmMall mall)
{
    protected DtmMall Mall => mall;

    protected Services Services => mall.Services;

    protected static string NewGid() => $"gid-{Guid.NewGuid():N}";

    /// <summary>A saga whose actions behave so, each with a compensation that works.</summary>
    protected object Saga(string gid, params string[] actions) => new
    {
        gid, trans_type = "saga", steps = actions.Select(a => new { action = Services.Url(a), compensate = Services.Url("ok") }),
        payloads = actions.Select((_, i) => $$"""{"amount":{{i}}}"""),
    };

    protected static void Answered(HttpStatusCode status, string? result, Answer answer)
    {
        Assert.Equal(status, answer.Status);
        Assert.Equal(result, answer.Json.TryGetProperty("dtm_result", out var said) ? said.GetString() : null);
    }

    protected async Task SubmitAsync(object body) => Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("submit", body));

    [Fact]
    public async Task Saga_WhoseActionsSucceed_Succeeds_OneAfterTheOther()
    {
        var gid = NewGid();
        await SubmitAsync(Saga(gid, "ok", "ok"));
        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(["01 action", "02 action"], Services.OpsOf(gid));
        Assert.Equal(
            ["01 compensate prepared", "01 action succeed", "02 compensate prepared", "02 action succeed"],
                await mall.BranchesAsync(gid));
        var call = Services.Of(gid)[1];
        Assert.Equal(("POST", "saga", """{"amount":1}"""), (call.Method, call.Type, call.Body));
        Assert.Equal("application/json", call.Headers["content-type"]);
    }

    [Fact]
    public async Task Saga_WhoseActionIsRefused_CompensatesFromItBackwards_AndKeepsTheReasonUncut()
    {
        var gid = NewGid();
        await SubmitAsync(Saga(gid, "ok", "refuse-at-length", "ok"));
        await mall.UntilAsync(gid, "failed");
        Assert.Equal(["01 action", "02 action", "02 compensate", "01 compensate"], Services.OpsOf(gid));
        Assert.Equal(
            [
                "01 compensate succeed", "01 action succeed", "02 compensate succeed", "02 action failed",
                "03 compensate prepared",
                "03 action prepared",
            ],
            await mall.BranchesAsync(gid));
        var transaction = (await mall.GetAsync($"query?gid={gid}")).Json.GetProperty("transaction");
        Assert.Contains(new string('n', 5000), transaction.GetProperty("rollback_reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Saga_WhoseActionIsUnknownAtFirst_IsCalledAgainAndNeverCompensated()
    {
        var gid = NewGid();
        await SubmitAsync(Saga(gid, "then/break,ok", "ok"));
        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(["01 action", "01 action", "02 action"], Services.OpsOf(gid));
    }

    [Fact]
    public async Task Message_Submitted_IsRetriedUntilAllOfItSucceeds_EvenWhenRefused()
    {
        var gid = NewGid();
        await SubmitAsync(new
        {
            gid, trans_type = "msg",
            steps = new[] { new { action = Services.Url("then/refuse,ok") }, new { action = Services.Url("ok") } },
            payloads = new[] { "{}", "{}" },
        });
        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(["01 action", "01 action", "02 action"], Services.OpsOf(gid));
    }

    [Fact]
    public async Task Tcc_Submitted_ConfirmsAndAborted_Cancels_NewestFirst()
    {
        foreach (var (call, op, end) in ((string, string, string)[])
            [("submit", "confirm", "succeed"), ("abort", "cancel", "failed")])
        {
            var gid = NewGid();
            var tcc = new { gid, trans_type = "tcc" };
            Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("prepare", tcc));
            foreach (var branch in (string[])["01", "02"])
            {
                var registered = new
                {
                    gid, trans_type = "tcc", branch_id = branch, data = "{}", confirm = Services.Url("ok"),
                    cancel = Services.Url("ok"),
                };
                Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("registerBranch", registered));
                Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("registerBranch", registered));
            }

            Assert.Equal("prepared", await mall.StatusAsync(gid));
            Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync(call, tcc));
            await mall.UntilAsync(gid, end);
            Assert.Equal([$"02 {op}", $"01 {op}"], Services.OpsOf(gid));
        }
    }

    [Fact]
    public async Task Workflow_KeepsWhatItsStepsCameTo_AndWhatItReturned()
    {
        var gid = NewGid();
        var workflow = new
        {
            gid, trans_type = "workflow", query_prepared = Services.Url("ok"),
            custom_data = """{"name":"transfer","data":"aGk="}""",
        };
        var first = await mall.PostAsync("prepareWorkflow", workflow);
        Assert.Equal("prepared", first.Json.GetProperty("transaction").GetProperty("status").GetString());
        Assert.Empty(first.Json.GetProperty("progresses").EnumerateArray());
        Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("registerBranch", new
        {
            gid, trans_type = "workflow", branch_id = "01", op = "action", status = "succeed", data = "done",
        }));

        var again = await mall.PostAsync("prepareWorkflow", workflow);
        var progress = Assert.Single(again.Json.GetProperty("progresses").EnumerateArray());
        Assert.Equal(("01", "action", "succeed"), (
            progress.GetProperty("branch_id").GetString(), progress.GetProperty("op").GetString(),
                progress.GetProperty("status").GetString()));
        Assert.Equal("done"u8.ToArray(), progress.GetProperty("bin_data").GetBytesFromBase64());

        // Another run of the same workflow has said something else: no failure, or this one would undo what that one does.
        Answered((HttpStatusCode)425, "ONGOING", await mall.PostAsync("registerBranch", new
        {
            gid, trans_type = "workflow", branch_id = "01", op = "action", status = "succeed", data = "another",
        }));

        await TestMall.EventuallyAsync(() => Task.FromResult(Services.Of(gid).Length > 0), "its client is called");
        var call = Services.Of(gid)[0];
        Assert.Equal(("00", "transfer", "hi", "POST"), (call.BranchId, call.Op, call.Body, call.Method));
        var conclusion = new { gid, trans_type = "workflow", req_extra = new { status = "succeed", result = "cmVzdWx0" } };
        Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("submit", conclusion));
        Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("submit", conclusion));
        var end = (await mall.PostAsync("prepareWorkflow", workflow)).Json.GetProperty("transaction");
        Assert.Equal(("succeed", "cmVzdWx0"), (end.GetProperty("status").GetString(), end.GetProperty("result").GetString()));
        Answered(HttpStatusCode.Conflict, "FAILURE", await mall.PostAsync("registerBranch", new
        {
            gid, trans_type = "workflow", branch_id = "02", op = "action", status = "succeed", data = "late",
        }));
    }

    /// <summary>As a Go client sends what it does before it has begun a branch.</summary>
    [Fact]
    public async Task Workflow_KeepsAStepThatIsOfNoBranch()
    {
        var gid = NewGid();
        var workflow = new { gid, trans_type = "workflow", custom_data = """{"name":"transfer","data":""}""" };
        await mall.PostAsync("prepareWorkflow", workflow);
        foreach (var _ in new int[2])
        {
            Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("registerBranch", new
            {
                gid, trans_type = "workflow", branch_id = "", op = "action", status = "succeed", data = "done",
            }));
        }

        var known = (await mall.PostAsync("prepareWorkflow", workflow)).Json.GetProperty("progresses");
        var progress = Assert.Single(known.EnumerateArray());
        Assert.Equal(("", "done"), (
            progress.GetProperty("branch_id").GetString(),
            System.Text.Encoding.UTF8.GetString(progress.GetProperty("bin_data").GetBytesFromBase64())));
        await mall.PostAsync("forceStop", new { gid });
    }

    [Fact]
    public async Task All_ListsTheNewestFirst_InPages_ByTypeStatusAndTime()
    {
        string[] gids = [NewGid(), NewGid(), NewGid()];
        foreach (var gid in gids) Answered(HttpStatusCode.OK, "SUCCESS",
            await mall.PostAsync("prepare", new { gid, trans_type = "xa" }));
        var (seen, position) = (new List<string>(), "");
        do
        {
            var page = await mall.GetAsync($"all?limit=2&transType=xa&status=prepared&position={position}");
            seen.AddRange(page.Json.GetProperty("transactions").EnumerateArray().Select(t => t.GetProperty("gid").GetString()!));
            position = page.Json.GetProperty("next_position").GetString()!;
        }
        while (position.Length > 0);

        Assert.Equal(gids.Reverse(), seen.Where(gids.Contains));
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Empty(Transactions(await mall.GetAsync("all?createTimeEnd=1000")));
        Assert.Empty(Transactions(await mall.GetAsync("all?status=nonsense")));
        Assert.Single(Transactions(await mall.GetAsync($"all?gid={gids[0]}")));
        Assert.Empty(Transactions(await mall.GetAsync("all?gid=nobody")));

        static IEnumerable<JsonElement> Transactions(Answer answer) => answer.Json.GetProperty("transactions").EnumerateArray();
    }

    [Fact]
    public async Task Topic_IsSubscribedTo_Delivered_AndLeft()
    {
        var (gid, topic) = (NewGid(), $"topic-{Guid.NewGuid():N}");
        var message = new { gid, trans_type = "msg", steps = new[] { new { action = $"topic://{topic}" } },
            payloads = new[] { "{}" } };
        var unheard = await mall.PostAsync("submit", message);
        Answered(HttpStatusCode.Conflict, "FAILURE", unheard);
        Assert.Contains("topic not found", unheard.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("none", await mall.StatusAsync(gid));
        foreach (var url in (string[])[Services.Url("ok"), Services.Url("ok?second")])
        {
            var query = $"topic={topic}&url={Uri.EscapeDataString(url)}&remark=test";
            Answered(HttpStatusCode.OK, "SUCCESS", await mall.GetAsync($"subscribe?{query}"));
            Answered(HttpStatusCode.Conflict, "FAILURE", await mall.GetAsync($"subscribe?{query}"));
        }

        Answered(HttpStatusCode.OK, "SUCCESS", await mall.PostAsync("submit", message));
        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(["01-01 action", "01-02 action"], Services.OpsOf(gid));
        var kept = (await mall.GetAsync($"queryKV?cat=topics&key={topic}")).Json.GetProperty("kv")[0];
        Assert.Equal((topic, 2), (kept.GetProperty("k").GetString(), kept.GetProperty("version").GetInt32()));
        Assert.Contains("\"remark\":\"test\"", kept.GetProperty("v").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty((await mall.GetAsync("scanKV?cat=topics&limit=1")).Json.GetProperty("kv").EnumerateArray());

        Answered(HttpStatusCode.OK, "SUCCESS", await mall.GetAsync($"unsubscribe?topic={topic}&url={Services.Url("ok")}"));
        Answered(HttpStatusCode.Conflict, "FAILURE", await mall.GetAsync($"unsubscribe?topic={topic}&url={Services.Url("ok")}"));
        Answered(HttpStatusCode.OK, "SUCCESS", await mall.SendAsync("DELETE", $"/api/dtmsvr/topic/{topic}"));
        Answered(HttpStatusCode.Conflict, "FAILURE", await mall.SendAsync("DELETE", $"/api/dtmsvr/topic/{topic}"));
        Assert.Empty((await mall.GetAsync($"queryKV?cat=topics&key={topic}")).Json.GetProperty("kv").EnumerateArray());
    }
}

public sealed class PostgresTransactionTests(PostgresDtmMall mall) : TransactionContract(mall), IClassFixture<PostgresDtmMall>;

public sealed class MariaDbTransactionTests(MariaDbDtmMall mall) : TransactionContract(mall), IClassFixture<MariaDbDtmMall>;
