using System.Data.Common;
using Grpc.Core;
using Grpc.Net.Client;
using Mall.Transactions.Client;
using Microsoft.Data.Sqlite;

namespace Mall.Tests.Transactions;

/// <summary>The client for .NET against a mall, over HTTP and over gRPC, with branches of the same kind.</summary>
public sealed class ClientLibraryTests(DtmMall mall) : IClassFixture<DtmMall>, IAsyncDisposable
{
    // However slow the machine is: a run that has not ended by then would be begun a second time beside itself.
    private static readonly TransactionOptions s_notCalledBack = new() { RetryInterval = TimeSpan.FromHours(1) };

    private readonly SqliteConnection _database = new("Data Source=:memory:");
    private readonly List<IDisposable> _clients = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        return _database.DisposeAsync();
    }

    private TransactionClient Client(string protocol)
    {
        var client = protocol == "gRPC" ? new TransactionClient(mall.Grpc)
            : new TransactionClient(new HttpClient { BaseAddress = new Uri(mall.Client.BaseAddress!, "/api/dtmsvr/") });
        _clients.Add(client);
        return client;
    }

    private string Target(string protocol, string behaviour) =>
        protocol == "gRPC" ? mall.Services.Rpc(behaviour) : mall.Services.Url(behaviour);

    [Theory, BothProtocols]
    public async Task Saga_AnswersInWords(string protocol)
    {
        foreach (var (action, outcome) in ((string, TransactionOutcome)[])
            [("ok", TransactionOutcome.Success), ("refuse", TransactionOutcome.Refused), ("ongoing", TransactionOutcome.Ongoing)])
        {
            var saga = Client(protocol).Saga(TransactionClient.NewGid(), new() { WaitsForResult = true })
                .Add(Target(protocol, action), Target(protocol, "ok"), new { amount = 1 });
            Assert.Equal(outcome, (await saga.SubmitAsync(Stop)).Outcome);
        }
    }

    [Theory, BothProtocols]
    public async Task Saga_TellsTheServerHowItIsToBeDriven(string protocol)
    {
        var gid = TransactionClient.NewGid();
        var options = new TransactionOptions
        {
            WaitsForResult = true, RetryInterval = TimeSpan.FromHours(1), RequestTimeout = TimeSpan.FromSeconds(7),
            RetryLimit = 5, TimeoutToFail = TimeSpan.FromSeconds(90),
            Headers = new Dictionary<string, string> { ["x-tenant"] = "7" },
        };
        await Client(protocol).Saga(gid, options)
            .Add(Target(protocol, "ok"), "", "first").Add(Target(protocol, "ongoing"), "", "second"u8.ToArray())
            .Add(Target(protocol, "ok"), "", "third").After(1).SubmitAsync(Stop);

        Assert.Equal(["01 action", "02 action"], mall.Services.OpsOf(gid).Order());
        Assert.Equal(["\"first\"", "second"], mall.Services.Of(gid).OrderBy(call => call.BranchId).Select(call => call.Body));
        Assert.All(mall.Services.Of(gid), call => Assert.Equal("7", call.Headers["x-tenant"]));
        var kept = (await mall.GetAsync($"query?gid={gid}")).Json.GetProperty("transaction");
        Assert.Equal(
            (3600, 7, 5, 90),
            (kept.GetProperty("retry_interval").GetInt32(), kept.GetProperty("request_timeout").GetInt32(),
                kept.GetProperty("retry_limit").GetInt32(), kept.GetProperty("timeout_to_fail").GetInt32()));
    }

    [Theory, BothProtocols]
    public async Task Tcc_IsConfirmed_OrCancelledWhenItsWorkThrows(string protocol)
    {
        async Task<(TransactionAnswer Answer, string Gid)> RunAsync(string behaviour, Exception? then = null)
        {
            var gid = TransactionClient.NewGid();
            return (await Client(protocol).TccAsync(gid, async tcc =>
            {
                await tcc.TryAsync(
                    Target(protocol, behaviour), Target(protocol, "ok"), Target(protocol, "ok"), new { }, Stop);
                if (then is not null) throw then;
            }, cancellationToken: Stop), gid);
        }

        var (good, bad) = (await RunAsync("ok"), await RunAsync("refuse"));
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => RunAsync("ok", new TimeZoneNotFoundException()));
        Assert.Equal(TransactionOutcome.Success, good.Answer.Outcome);
        Assert.Equal(TransactionOutcome.Refused, bad.Answer.Outcome);
        await mall.UntilAsync(good.Gid, "succeed");
        await mall.UntilAsync(bad.Gid, "failed");
        Assert.Equal(["01 try", "01 confirm"], mall.Services.OpsOf(good.Gid));
        Assert.Equal(["01 try", "01 cancel"], mall.Services.OpsOf(bad.Gid));
        var kept = (await mall.GetAsync($"query?gid={bad.Gid}")).Json.GetProperty("transaction");
        Assert.Equal(bad.Answer.Message, kept.GetProperty("rollback_reason").GetString());
    }

    /// <summary>A branch that has branches of its own, DTM's Go client's for one, registers them there.</summary>
    [Theory, BothProtocols]
    public async Task Branch_IsToldWhereTheServerIs_AsDtmsClientsTellIt(string protocol)
    {
        var server = protocol == "gRPC" ? mall.Grpc.Target : new Uri(mall.Client.BaseAddress!, "/api/dtmsvr").ToString();
        var gid = TransactionClient.NewGid();
        await Client(protocol).TccAsync(gid, tcc => tcc.TryAsync(
            Target(protocol, "ok"), Target(protocol, "ok"), Target(protocol, "ok"), new { }, Stop), cancellationToken: Stop);
        Assert.Equal(server, mall.Services.Of(gid)[0].Dtm);
    }

    [Theory, BothProtocols]
    public async Task Tcc_OfWhichItsClientWasToldNothing_IsToldWhenItIsRunAgain(string protocol)
    {
        var (gid, tries) = (TransactionClient.NewGid(), 0);
        var options = new TransactionOptions { Headers = new Dictionary<string, string> { ["x-tenant"] = "7" } };
        Task<TransactionAnswer> RunAsync(Func<Task>? amid = null) => Client(protocol).TccAsync(gid, async tcc =>
        {
            tries++;
            await (amid?.Invoke() ?? Task.CompletedTask);
            await tcc.TryAsync(Target(protocol, "ok"), Target(protocol, "ok"), Target(protocol, "refuse"), new { }, Stop);
        }, options, Stop);

        // While it runs a second time its first submission, which was under way, arrives.
        Assert.Equal(TransactionAnswer.Success, await RunAsync(async () => Assert.True((await RunAsync()).IsSuccess)));
        Assert.Equal(TransactionAnswer.Success, await RunAsync());

        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(2, tries);
        Assert.Equal(["01 try", "01 confirm"], mall.Services.OpsOf(gid));
        Assert.All(mall.Services.Of(gid), call => Assert.Equal("7", call.Headers["x-tenant"]));
    }

    [Theory, BothProtocols]
    public async Task Message_IsSentWithItsLocalTransaction_AndNeverAfterItWasGivenUp(string protocol)
    {
        await _database.OpenAsync(Stop);
        await BranchBarrier.CreateTableAsync(_database, Stop);
        var (sent, lost, works) = (TransactionClient.NewGid(), TransactionClient.NewGid(), 0);
        Task<TransactionAnswer> SendAsync(string gid) =>
            Client(protocol).Message(gid).Add(Target(protocol, "ok"), new { }).DoAndSubmitAsync(
                Target(protocol, "ok"), _database, _ => Task.FromResult(works++), Stop);
        Assert.True((await SendAsync(sent)).IsSuccess);
        await mall.UntilAsync(sent, "succeed");
        Assert.True((await SendAsync(sent)).IsSuccess); // Whoever was not told asks again.
        Assert.Equal((1, 1), (works, mall.Services.Of(sent).Length));
        Assert.False(await BranchBarrier.WasCommittedAsync(_database, lost, Stop));
        Assert.Equal(TransactionOutcome.Refused, (await SendAsync(lost)).Outcome);
        Assert.Equal(1, works);
    }

    [Theory, BothProtocols]
    public async Task Message_WhoseWorkRefuses_IsAborted_AndSaysWhy(string protocol)
    {
        await _database.OpenAsync(Stop);
        await BranchBarrier.CreateTableAsync(_database, Stop);
        var gid = TransactionClient.NewGid();
        var message = Client(protocol).Message(gid).Add(Target(protocol, "ok"), new { });
        Task<TransactionAnswer> SendAsync(Exception? wrong) => message.DoAndSubmitAsync(
            Target(protocol, "ok"), _database, _ => wrong is null ? Task.CompletedTask : throw wrong, Stop);

        // What is no refusal may go better the next time.
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => SendAsync(new TimeZoneNotFoundException()));
        Assert.Equal("prepared", await mall.StatusAsync(gid));

        var refusal = new TransactionException(TransactionAnswer.Refused("no money"));
        Assert.Equal(refusal.Answer, await SendAsync(refusal));
        Assert.Equal("failed", await mall.StatusAsync(gid));
        var kept = (await mall.GetAsync($"query?gid={gid}")).Json.GetProperty("transaction");
        Assert.Equal("no money", kept.GetProperty("rollback_reason").GetString());
        Assert.Equal(TransactionOutcome.Refused, (await SendAsync(null)).Outcome);
        Assert.Empty(mall.Services.Of(gid));
    }

    /// <summary>As DTM's clients do it: the newest first, as with rollbacks.</summary>
    [Theory, BothProtocols]
    public async Task Workflow_CommitsTheNewestFirst(string protocol)
    {
        var gid = TransactionClient.NewGid();
        var workflow = Client(protocol).Workflow<int>("commits", Target(protocol, "callback"), async (run, _) =>
        {
            foreach (var i in new int[2]) await run.CallAsync(Target(protocol, "ok"), i, commit: Target(protocol, "ok"));
        }, s_notCalledBack);
        Assert.True((await workflow.RunAsync(gid, 0, Stop)).IsSuccess);
        Assert.Equal(["01 action", "02 action", "02 commit", "01 commit"], mall.Services.OpsOf(gid));
    }

    [Theory, BothProtocols]
    public async Task Workflow_CommitsWhatItsStepsDid_AndGivesItsResultToWhoeverAsksAgain(string protocol)
    {
        var gid = TransactionClient.NewGid();
        var workflow = Client(protocol).Workflow<int>("good", Target(protocol, "callback"), async (run, amount) =>
        {
            await run.CallAsync(Target(protocol, "ok"), new { amount }, rollback: Target(protocol, "ok"));
            await run.CallAsync(
                Target(protocol, "ok"), "as it is"u8.ToArray(), Target(protocol, "ok"), commit: Target(protocol, "ok"));
            run.Result = $"{await run.DoAsync(_ => Task.FromResult(amount + 1))}";
        }, s_notCalledBack);
        foreach (var _ in new int[2])
            Assert.Equal(TransactionAnswer.Success with { Result = "31" }, await workflow.RunAsync(gid, 30, Stop));
        Assert.Equal(["01 action", "02 action", "02 commit"], mall.Services.OpsOf(gid));
        Assert.Equal(["""{"amount":30}""", "as it is", "as it is"], mall.Services.Of(gid).Select(call => call.Body));
        Assert.Equal("succeed", await mall.StatusAsync(gid));
    }

    [Theory, BothProtocols]
    public async Task Workflow_WhoseStepIsRefused_RollsBackFromItBackwards(string protocol)
    {
        var (gid, undone) = (TransactionClient.NewGid(), new List<string>());
        var workflow = Client(protocol).Workflow<string>("bad", Target(protocol, "callback"), async (run, _) =>
        {
            await run.CallAsync(Target(protocol, "ok"), 1, Target(protocol, "ok"));
            await run.DoAsync(_ => Task.FromResult(2), barrier =>
            {
                undone.AddRange(mall.Services.OpsOf(gid));
                return Task.CompletedTask;
            });
            await run.CallAsync(Target(protocol, "refuse"), 3, Target(protocol, "ok"));
            await run.CallAsync(Target(protocol, "ok"), 4, Target(protocol, "ok"));
        }, s_notCalledBack);
        foreach (var _ in new int[2]) Assert.Equal(TransactionOutcome.Refused, (await workflow.RunAsync(gid, "", Stop)).Outcome);
        Assert.Equal(["01 action", "03 action", "03 rollback"], undone);
        Assert.Equal([.. undone, "01 rollback"], mall.Services.OpsOf(gid));
        Assert.Equal("failed", await mall.StatusAsync(gid));
    }

    [Theory, BothProtocols]
    public async Task Workflow_WhoseProcessDied_IsCalledBack_AndTakesNoKnownStepAgain(string protocol)
    {
        var (gid, runs) = (TransactionClient.NewGid(), 0);
        var workflow = Client(protocol).Workflow<int>("torn", Target(protocol, "callback"), async (run, amount) =>
        {
            await run.CallAsync(Target(protocol, "ok"), amount);
            if (++runs == 1) throw new TimeZoneNotFoundException("as if the process had died");
            await run.CallAsync(Target(protocol, protocol == "gRPC" ? "ongoing_ok" : "then/ongoing,ok"), amount);
        });
        mall.Services.Callback = async call =>
        {
            if (call.Gid != gid) return "ongoing";
            var data = System.Text.Json.JsonSerializer.Deserialize<int>(protocol == "gRPC" ? call.Body[2..] : call.Body);
            return (await workflow.RunAsync(call.Gid, data)).IsSuccess ? "ok" : "ongoing";
        };
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => workflow.RunAsync(gid, 8, Stop));
        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(
            ["01 action", "02 action", "02 action"],
            mall.Services.OpsOf(gid).Where(op => op.EndsWith("action", StringComparison.Ordinal)));
        Assert.All(mall.Services.Of(gid).Where(call => call.BranchId == "02"), call => Assert.Equal("8", call.Body));
    }

    [Fact]
    public async Task Answer_OfNobody_IsUnknown()
    {
        using var http = new TransactionClient(new HttpClient { BaseAddress = new Uri("http://127.0.0.1:1/api/dtmsvr/") });
        using var channel = GrpcChannel.ForAddress("http://127.0.0.1:1");
        using var grpc = new TransactionClient(channel);
        foreach (var client in (TransactionClient[])[http, grpc])
        {
            Assert.Equal(TransactionOutcome.Unknown, (await client.Saga("x").SubmitAsync(Stop)).Outcome);
            Assert.Equal(
                TransactionOutcome.Unknown,
                (await client.Workflow<int>("x", "http://me", (_, _) => Task.CompletedTask).RunAsync("x", 1, Stop)).Outcome);
        }
    }

    [Theory, BothProtocols]
    public async Task Answer_ThatNobodyWaitsForAnyMore_IsNone(string protocol)
    {
        using var gone = new CancellationTokenSource();
        var saga = Client(protocol).Saga(TransactionClient.NewGid(), new() { WaitsForResult = true })
            .Add(Target(protocol, "ok"), "", new { });
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saga.SubmitAsync(gone.Token));
    }

    [Fact]
    public void Barrier_OfACall_IsReadFromItsQueryOrItsMetadata_AndOfNoCallThereIsNone()
    {
        var fields = new Dictionary<string, string>
        {
            ["gid"] = "g", ["trans_type"] = "saga", ["branch_id"] = "01", ["op"] = "action",
        };
        var metadata = new Metadata();
        foreach (var (name, value) in fields) metadata.Add($"dtm-{name}", value);
        Assert.NotNull(BranchBarrier.From(metadata));
        foreach (var missing in fields.Keys)
        {
            Assert.Throws<ArgumentException>(() => BranchBarrier.From(name => name == missing ? null : fields[name]));
            Assert.Throws<ArgumentException>(
                () => BranchBarrier.From([.. metadata.Where(entry => entry.Key != $"dtm-{missing}")]));
        }
    }

    private sealed class BothProtocolsAttribute() : ClassDataAttribute(typeof(Protocols));

    private sealed class Protocols() : TheoryData<string>("HTTP", "gRPC");
}
