using System.Net;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Transactions;

/// <summary>
/// A saga aborts while an action is under way. What may have been called is compensated, and what never was is not, whatever that
/// action comes to and whoever drives the saga by then.
/// </summary>
public sealed class StartedBranchTests : IClassFixture<DtmMall>, IDisposable
{
    private readonly DtmMall _mall;
    private readonly TaskCompletionSource<string> _slow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _gid = $"gid-{Guid.NewGuid():N}";

    public StartedBranchTests(DtmMall mall)
    {
        _mall = mall;
        mall.Services.Callback = _ => _slow.Task; // However often it is called.
    }

    public void Dispose() => _slow.TrySetResult("ok"); // Or its service would wait for it when it closes.

    private string[] Ops => _mall.Services.OpsOf(_gid);

    private string[] Compensations => [.. Ops.Where(op => op.EndsWith("compensate", StringComparison.Ordinal)).Order()];

    /// <summary>Step 02 comes after 01, which takes its time.</summary>
    /// <param name="third">What 03, beside them, does; null: there is none.</param>
    private async Task SubmitAsync(string? third = null, int? timeoutToFail = null, string undoing = "ok")
    {
        string[] actions = third is null ? ["callback", "ok"] : ["callback", "ok", third];
        var saga = new
        {
            gid = _gid, trans_type = "saga", request_timeout = 300, retry_interval = 3600, timeout_to_fail = timeoutToFail,
            custom_data = """{"concurrent":true,"orders":{"1":[0]}}""", payloads = actions.Select(_ => "{}"),
            steps = actions.Select(a => new { action = _mall.Services.Url(a), compensate = _mall.Services.Url(undoing) }),
        };
        Assert.Equal(HttpStatusCode.OK, (await _mall.PostAsync("submit", saga)).Status);
        await TestMall.EventuallyAsync(() => Task.FromResult(Ops.Contains("01 action")), "01 is called");
    }

    private async Task AbortAsync()
    {
        var sagas = _mall.Mall.GetRequiredService<IGrainFactory>().GetGrain<ISagaDirectoryGrain>(0);
        Assert.False((await sagas.Abort(_gid, null)).IsRefused);
    }

    private async Task EndsAsync(params string[] compensations)
    {
        await _mall.UntilAsync(_gid, "failed");
        Assert.Equal(compensations, Compensations);
        Assert.DoesNotContain("02 action", Ops);
    }

    [Theory]
    [InlineData("ok")]
    [InlineData("refuse")]
    [InlineData("break")]
    public async Task Saga_ThatFailsWhileAnActionIsUnderWay_LeavesAloneWhatWasToFollowThat(string slow)
    {
        await SubmitAsync(third: "refuse");
        await _mall.UntilAsync(_gid, "aborting");
        Assert.Empty(Compensations); // Nothing is compensated while it acts.
        _slow.SetResult(slow);
        await EndsAsync("01 compensate", "03 compensate");
    }

    [Fact]
    public async Task Saga_ThatAnOperatorAbortsWhileAnActionIsUnderWay_LeavesAloneWhatWasToFollowThat()
    {
        await SubmitAsync();
        await AbortAsync();
        _slow.SetResult("ok");
        await EndsAsync("01 compensate");
    }

    [Fact]
    public async Task Saga_WhoseTimeIsOverWhenAnActionAnswers_LeavesAloneWhatWasToFollowThat()
    {
        await SubmitAsync(timeoutToFail: 1);
        var late = $"select count(*) from sagas where gid = '{_gid}' and create_time < unixepoch('subsec') * 1000 - 1000";
        await TestMall.EventuallyAsync(async () => await _mall.CountAsync(late) == 1, "its time is over");
        _slow.SetResult("ok");
        await EndsAsync("01 compensate");
    }

    /// <summary>Its answer is lost with whoever has called it.</summary>
    [Fact]
    public async Task Saga_TakenOverWhileItAborts_CompensatesTheActionThatWasUnderWay()
    {
        await SubmitAsync(third: "refuse");
        await _mall.UntilAsync(_gid, "aborting");
        await _mall.ReopenAsync();
        await _mall.WakeAsync(_gid);
        await EndsAsync("01 compensate", "03 compensate");
    }

    /// <summary>By what has answered alone, 02 could have been called by then.</summary>
    [Fact]
    public async Task Saga_TakenOverWhenTheActionHasAnswered_LeavesAloneWhatWasToFollowThat()
    {
        await SubmitAsync(third: "refuse", undoing: "then/break,ok");
        await _mall.UntilAsync(_gid, "aborting");
        _slow.SetResult("ok");
        await TestMall.EventuallyAsync(() => Task.FromResult(Compensations.Length == 2), "it is compensated, in vain");
        await _mall.ReopenAsync();
        await _mall.WakeAsync(_gid);
        await EndsAsync("01 compensate", "01 compensate", "03 compensate", "03 compensate");
    }

    [Fact]
    public async Task Saga_TakenOverBeforeItIsAborted_CompensatesTheActionThatWasUnderWay()
    {
        await SubmitAsync();
        await _mall.ReopenAsync();
        await AbortAsync();
        _slow.SetResult("ok");
        await EndsAsync("01 compensate");
    }

    /// <summary>This activation still believes that it goes forward.</summary>
    [Fact]
    public async Task Saga_ThatAnotherActivationHasAbortedWhileItRested_CallsNoActionAnyMore()
    {
        _slow.SetResult("ok");
        await SubmitAsync(third: "then/break,ok");
        await TestMall.EventuallyAsync(() => Task.FromResult(Ops is { Length: 3 }), "each was called once");
        await TestMall.EventuallyAsync(
            async () => await _mall.CountAsync($"select attempts from sagas where gid = '{_gid}'") == 1, "it rests");

        await _mall.ChangeAsync(
            $"update sagas set status = 'aborting', version = version + 2, next_time = 1 where gid = '{_gid}'");

        await _mall.UntilAsync(_gid, "failed");
        Assert.Single(Ops, op => op == "03 action");
        Assert.Equal(["01 compensate", "02 compensate", "03 compensate"], Compensations);
    }

    /// <summary>One that an earlier version has begun to abort: it wrote down no more than what had answered.</summary>
    [Fact]
    public async Task Saga_AbortedWithoutANoteOfWhatWasCalled_CompensatesWhatCouldHaveBeen()
    {
        await SubmitAsync(third: "refuse");
        await _mall.UntilAsync(_gid, "aborting");
        await _mall.ReopenAsync(() => _mall.RunSqlAsync(
            $"delete from transaction_branches where gid = '{_gid}' and branch_id = '00'"));
        await _mall.WakeAsync(_gid);
        await EndsAsync("01 compensate", "03 compensate");
    }
}
