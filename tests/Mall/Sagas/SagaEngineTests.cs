using Mall.TestFaults;
using Mall.Sagas;
using Mall.TestServers;
using Mall.Tests.Hosting;

namespace Mall.Tests.Sagas;

public sealed class SagaEngineTests
{
    private static readonly Refusal s_no = Result.Refused(300002, "No.");

    [Fact]
    public async Task Branches_start_after_their_predecessors_and_otherwise_in_parallel()
    {
        var bothStarted = new TaskCompletionSource();
        var waiting = 0;
        Func<int, Task<Refusal?>> meet = async _ =>
        {
            if (Interlocked.Increment(ref waiting) == 2) bothStarted.SetResult();
            await bothStarted.Task; // would wait for ever if the two did not run in parallel
            return null;
        };
        var script = new Script()
            .Branch("01")
            .Branch("02", meet, after: "01")
            .Branch("03", meet, after: "01")
            .Branch("04", after: ["02", "03"]);
        await using var mall = await script.OpenAsync();

        var result = await Saga(mall).Run("h");

        Assert.False(result.IsRefused);
        Assert.Equal("+01", script.Calls[0]);
        Assert.Equal("+04", script.Calls[3]);
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
    }

    [Fact]
    public async Task A_refusal_compensates_the_started_branches_in_reverse_and_no_other()
    {
        var script = new Script().Branch("01").Branch("02", after: "01")
            .Branch("03", _ => Task.FromResult<Refusal?>(s_no), after: "02").Branch("04", after: "03");
        await using var mall = await script.OpenAsync();

        var result = await Saga(mall).Run("h");

        Assert.Equal(s_no with { IsSealed = true }, result.Refusal);
        Assert.Equal(["+01", "+02", "+03", "-03", "-02", "-01"], script.Calls);
        Assert.Equal(["failed 300002 No."], await mall.SqlAsync("select status, reason from sagas"));
        Assert.Equal(
            [
                "01 action succeed", "01 compensate succeed", "02 action succeed", "02 compensate succeed", "03 action refused",
                "03 compensate succeed",
            ],
            await mall.SqlAsync("select branch_id, op, status from saga_branches order by branch_id, op"));
    }

    [Fact]
    public async Task An_unknown_outcome_is_asked_again_and_never_compensated_on_a_guess()
    {
        var script = new Script().Branch("01").Branch(
            "02", n => n < 5 ? throw new TimeoutException("lost") : Task.FromResult<Refusal?>(null), after: "01");
        await using var mall = await script.OpenAsync();

        var result = await Saga(mall).Run("h");

        Assert.False(result.IsRefused);
        Assert.Equal(1, script.CountOf("+01"));
        Assert.Equal(6, script.CountOf("+02")); // more often than the limit for failures: unknown is not failed
        Assert.DoesNotContain(script.Calls, c => c.StartsWith('-'));
    }

    [Fact]
    public async Task A_failing_branch_parks_the_saga_until_an_operator_retries_it()
    {
        var mended = false;
        var script = new Script()
            .Branch("01", _ => mended ? Task.FromResult<Refusal?>(null) : throw new InvalidOperationException("a bug"));
        await using var mall = await script.OpenAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));
        Assert.Equal(3, script.CountOf("+01"));
        Assert.Equal(
            ["submitted 3 null InvalidOperationException: a bug"],
            await mall.SqlAsync("select status, attempts, next_time, reason from sagas"));

        mended = true;
        Assert.False((await Directory(mall).Retry("s1", null)).IsRefused);
        Assert.False((await Saga(mall).Run("h")).IsRefused);
        await mall.UntilSqlSaysAsync(["succeed null"], "select status, reason from sagas");
    }

    [Fact]
    public async Task A_client_who_repeats_its_request_does_not_set_a_parked_saga_going()
    {
        var script = new Script().Branch("01", _ => throw new InvalidOperationException("a bug"));
        await using var mall = await script.OpenAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));
        var calls = script.CountOf("+01");

        await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));

        Assert.Equal(calls, script.CountOf("+01"));
    }

    [Theory]
    [InlineData("kind = 'of a newer version'")]
    [InlineData("payload = '{'")]
    public async Task A_saga_that_cannot_be_read_is_parked_and_can_be_looked_at(string change)
    {
        var script = new Script().Branch("01", _ => throw new TimeoutException("Not yet."));
        var mall = await script.OpenAsync();
        _ = Saga(mall).Run("h");
        await mall.UntilSqlSaysAsync(["1"], "select count(*) from sagas where attempts > 0");
        await mall.CloseAsync();
        await mall.ChangeAsync("update sagas set next_time = 1, " + change);

        await using var later = await script.OpenAsync(folder: mall.Folder);
        await later.UntilSqlSaysAsync(["submitted null"], "select status, next_time from sagas");

        Assert.NotNull((await Directory(later).Get("s1")).Value!.Reason);
        Assert.Equal(ErrorCodes.SagaStatusForbids, (await Directory(later).Retry("s1", null)).Refusal!.Code);
        Assert.Equal(ErrorCodes.SagaStatusForbids, (await Directory(later).Abort("s1", null)).Refusal!.Code);
    }

    [Fact]
    public async Task An_abort_is_answered_when_it_is_durable_however_long_the_compensation_takes()
    {
        var undone = new TaskCompletionSource();
        var script = new Script()
            .Branch("01", compensation: _ => undone.Task)
            .Branch("02", _ => throw new InvalidOperationException("a bug"), after: "01");
        await using var mall = await script.OpenAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));

        Assert.False((await Directory(mall).Abort("s1", null)).IsRefused);

        Assert.Equal(["aborting"], await mall.SqlAsync("select status from sagas"));
        undone.SetResult();
        await mall.UntilSqlSaysAsync(["failed"], "select status from sagas");
    }

    [Fact]
    public async Task A_retry_of_a_saga_that_was_parked_while_it_went_back_outlives_its_silo()
    {
        var undone = new TaskCompletionSource();
        var script = new Script()
            .Branch("01", compensation: _ => undone.Task)
            .Branch("02", _ => Task.FromResult<Refusal?>(s_no), after: "01");
        var mall = await script.OpenAsync();
        _ = Saga(mall).Run("h");
        await TestMall.EventuallyAsync(() => Task.FromResult(script.Calls.Contains("-01")), "it goes back");
        await mall.ChangeAsync("update sagas set next_time = null"); // By a version that could not read it.
        var files = Copy(mall.Folder);

        await using var restarted = await script.OpenAsync(files);
        Assert.False((await Directory(restarted).Retry("s1", null)).IsRefused);

        Assert.Equal(["aborting 1"], await restarted.SqlAsync("select status, next_time is not null from sagas"));
        undone.SetResult();
        await restarted.UntilSqlSaysAsync(["failed"], "select status from sagas");
        await mall.DisposeAsync();
    }

    [Fact]
    public async Task An_operator_aborts_a_parked_saga_and_what_was_started_is_compensated()
    {
        var script = new Script().Branch("01").Branch("02", _ => throw new InvalidOperationException("a bug"), after: "01");
        await using var mall = await script.OpenAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));

        Assert.False((await Directory(mall).Abort("s1", null)).IsRefused);

        await mall.UntilSqlSaysAsync(["failed"], "select status from sagas");
        Assert.Equal(1, script.CountOf("-01"));
        await TestMall.EventuallyAsync( // The row is there for all to see before its acknowledgement is.
            async () => (await Directory(mall).Retry("s1", null)).Refusal?.Code == ErrorCodes.SagaStatusForbids, "it has ended");
        Assert.Equal(ErrorCodes.NoSuchSaga, (await Directory(mall).Retry("nobody", null)).Refusal!.Code);
    }

    [Fact]
    public async Task An_abort_comes_too_late_when_every_branch_has_acted_though_this_activation_has_not_heard_of_it()
    {
        var script = new Script().Branch("01").Branch("02", _ => throw new InvalidOperationException("no answer"), after: "01");
        await using var mall = await script.OpenAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));
        foreach (var branch in (string[])["01", "02"])
            await mall.ChangeAsync($"insert into barrier values ('saga', 's1', '{branch}', 'action', '01', 'action', 0)");

        Assert.Equal(ErrorCodes.SagaStatusForbids, (await Directory(mall).Abort("s1", null)).Refusal!.Code);

        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
        Assert.Equal(0, script.CountOf("-01"));
        Assert.Equal(["action", "action"], await mall.SqlAsync("select op from barrier"));
    }

    [Fact]
    public async Task Compensation_is_repeated_until_it_succeeds_however_often_it_fails()
    {
        var script = new Script()
            .Branch("01", compensation: n => n < 20 ? throw new InvalidOperationException("a bug") : Task.CompletedTask)
            .Branch("02", _ => Task.FromResult<Refusal?>(s_no), after: "01");
        await using var mall = await script.OpenAsync();

        var result = await Saga(mall).Run("h");

        Assert.Equal(s_no with { IsSealed = true }, result.Refusal);
        Assert.Equal(21, script.CountOf("-01"));
        Assert.Equal(1, script.CountOf("-02"));
    }

    [Theory]
    [InlineData(SagaStatus.Submitted)]
    [InlineData(SagaStatus.Aborting)]
    public async Task A_saga_that_was_cut_off_is_resumed_after_a_restart(string status)
    {
        var cut = true;
        var never = new TaskCompletionSource<Refusal?>();
        var entered = new TaskCompletionSource(); // A call is noted before it decides whether it hangs.
        Func<int, Task<Refusal?>> action = _ =>
            status == SagaStatus.Aborting ? Task.FromResult<Refusal?>(s_no) : cut ? HangAsync() : Task.FromResult<Refusal?>(null);
        Func<int, Task> compensation = _ => cut ? HangAsync() : Task.CompletedTask;

        Task<Refusal?> HangAsync()
        {
            entered.TrySetResult();
            return never.Task;
        }
        var script = new Script().Branch("01").Branch("02", action, compensation, after: "01").Branch("03", after: "02");
        var mall = await script.OpenAsync();
        _ = Saga(mall).Run("h");
        await TestMall.EventuallyAsync(
            async () => entered.Task.IsCompleted
                && script.Calls.Contains(status == SagaStatus.Aborting ? "-02" : "+02")
                && await mall.SqlAsync("select status from sagas") is [var now] && now == status,
            "the saga is in the middle");
        var before = script.Calls.Length;
        var files = Copy(mall.Folder); // as a machine that stops dead leaves them

        cut = false;
        await using var restarted = await script.OpenAsync(files);
        await TestMall.EventuallyAsync(
            async () => await restarted.SqlAsync("select status from sagas") is ["succeed" or "failed"],
            "due work resumes the saga");

        Assert.Equal(
            [status == SagaStatus.Aborting ? "failed 300002 No." : "succeed null"],
            await restarted.SqlAsync("select status, reason from sagas"));
        if (status == SagaStatus.Aborting)
        {
            Assert.Equal(["-02", "-01"], script.Calls[before..]); // what never started is not compensated, and nothing acts again
            Assert.Equal(0, script.CountOf("+03"));
        }
        else
        {
            Assert.Equal(["+01", "+02", "+03"], script.Calls[before..]);
        }

        never.SetResult(null);
        await mall.DisposeAsync();
        DeleteFolder(files);
    }

    [Fact]
    public async Task A_branch_that_was_done_before_a_restart_is_compensated_though_it_is_not_called_again()
    {
        var cut = true;
        var never = new TaskCompletionSource<Refusal?>();
        var script = new Script().Branch("01")
            .Branch("02", _ => cut ? never.Task : Task.FromResult<Refusal?>(s_no), after: "01") // refuses before 03 can start
            .Branch("03", after: "01");
        var mall = await script.OpenAsync();
        _ = Saga(mall).Run("h");
        await TestMall.EventuallyAsync(() => Task.FromResult(script.Calls.Contains("+03")), "03 is done and 02 is not");
        var files = Copy(mall.Folder);

        cut = false;
        await using var restarted = await script.OpenAsync(files);
        await TestMall.EventuallyAsync(
            async () => await restarted.SqlAsync("select status from sagas") is ["failed"], "the saga ends");

        Assert.Equal(1, script.CountOf("+03"));
        Assert.Equal(1, script.CountOf("-03"));
        never.SetResult(null);
        await mall.DisposeAsync();
        DeleteFolder(files);
    }

    [Fact]
    public async Task A_saga_that_is_resumed_before_its_insert_is_acknowledged_keeps_its_progress()
    {
        var answer = new TaskCompletionSource<Refusal?>();
        var script = new Script().Branch("01").Branch("02", _ => answer.Task, after: "01");
        await using var mall = await script.OpenAsync(faults: new FaultOptions { ReadBack = 1 });
        // It is committed, and while faults go on nobody finds out.
        mall.Store.FailNext(FaultPoint.AfterCommit, w => w.Changes[0].Shape.Table.Name == "sagas");
        var running = Saga(mall).Run("h");
        await TestMall.EventuallyAsync(
            async () => await mall.SqlAsync("select status from sagas") is ["submitted"], "the row can be seen");

        var resuming = Saga(mall).Resume();
        await mall.Grains.GetGrain<ISagaDirectoryGrain>(0).Get("s1"); // turns go on meanwhile
        await TestMall.EventuallyAsync(() => Task.FromResult(mall.Store.Faults > 1), "finding out fails, too");
        mall.Store.IsRandom = false;
        await resuming;
        await TestMall.EventuallyAsync(() => Task.FromResult(script.Calls.Contains("+02")), "the saga runs");
        await TestMall.EventuallyAsync(
            async () => await mall.SqlAsync("select number from commit_marks") is not [], "it is acknowledged");
        answer.SetResult(s_no);

        Assert.Equal(s_no with { IsSealed = true }, (await running).Refusal);
        Assert.Equal(["failed"], await mall.SqlAsync("select status from sagas"));
        Assert.Equal(["+01", "+02", "-02", "-01"], script.Calls);
    }

    [Fact]
    public async Task Another_request_under_the_same_gid_is_refused()
    {
        await using var mall = await new Script().Branch("01").OpenAsync();
        await Saga(mall).Run("h");

        Assert.Equal(ErrorCodes.KeyReused, (await Saga(mall).Run("other")).Refusal!.Code);
    }

    private static IScriptedSagaGrain Saga(TestMall mall) => mall.Grains.GetGrain<IScriptedSagaGrain>("s1");

    private static ISagaDirectoryGrain Directory(TestMall mall) => mall.Grains.GetGrain<ISagaDirectoryGrain>(0);

    private static string Copy(string folder)
    {
        var copy = TestFolder.Create("mall-test-").FullName;
        foreach (var file in System.IO.Directory.GetFiles(folder, "mall.db*"))
        {
            if (!file.EndsWith(".lock", StringComparison.Ordinal)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    private static void DeleteFolder(string folder) => System.IO.Directory.Delete(folder, recursive: true);
}
