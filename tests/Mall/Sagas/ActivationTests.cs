using Mall.Sagas;
using Mall.TestFaults;
using Mall.Tests.Hosting;

namespace Mall.Tests.Sagas;

/// <summary>A saga's activation believes its memory no longer than it must: what others have written meanwhile counts.</summary>
public sealed class ActivationTests
{
    private const string MovedElsewhere = "update sagas set version = version + 1";

    [Fact]
    public async Task A_saga_that_begins_while_it_is_looked_for_is_not_taken_for_one_that_was_cleaned_up()
    {
        var script = new Script { Decision = Result.Refused(300002, "No.") }.Branch("01");
        await using var mall = await script.OpenAsync();
        script.Recall = async () =>
        {
            // Behind the look for its row, and before the one for what it leaves, another activation commits both.
            await mall.ChangeAsync(
                """
                insert into sagas (gid, kind, status, payload, request_hash, version, next_time, create_time, update_time)
                values ('s1', 'scripted', 'submitted', '{"Note":"hello"}', 'h', 1, 9000000000000, 0, 0)
                """);
            return new SagaRemains<ScriptedIntent>(new ScriptedIntent("hello"), IsSameRequest: true, Refusal: null);
        };

        Assert.False((await Saga(mall).Run("h")).IsRefused);

        Assert.Equal(["+01"], script.Calls);
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
    }

    [Fact]
    public async Task A_parked_saga_that_a_client_has_asked_for_is_retried_though_it_was_taken_over_since()
    {
        var (script, mend) = Broken();
        await using var mall = await script.OpenAsync();
        for (var i = 0; i < 2; i++) await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));

        await mall.ChangeAsync(MovedElsewhere);
        mend();

        Assert.False((await Saga(mall).Retry()).IsRefused);
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
    }

    [Fact]
    public async Task A_parked_saga_is_retried_by_another_activation_when_one_finds_that_it_was_taken_over()
    {
        var (script, mend) = Broken();
        await using var mall = await script.OpenAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));
        await Saga(mall).Begin("h"); // It knows the saga now, and nobody waits for its end.

        await mall.ChangeAsync(MovedElsewhere);
        mend();

        await Assert.ThrowsAsync<StaleActivationException>(() => Saga(mall).Retry());
        Assert.False((await Saga(mall).Retry()).IsRefused);
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
    }

    [Fact]
    public async Task Two_operators_who_retry_a_parked_saga_at_once_are_one()
    {
        var (script, mend) = Broken();
        await using var mall = await script.OpenAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));
        await Saga(mall).Begin("h");
        mend();

        mall.Store.IsDown = true; // Their writes wait.
        var retries = new[] { Saga(mall).Retry(), Saga(mall).Retry() };
        await Saga(mall).Begin("h"); // Behind them, and it needs no database.
        mall.Store.IsDown = false;

        Assert.All(await Task.WhenAll(retries), retried => Assert.False(retried.IsRefused));
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
    }

    [Fact]
    public async Task An_operator_who_retries_a_saga_while_it_is_being_parked_is_heard()
    {
        var (script, mend) = Broken();
        await using var mall = await script.OpenAsync();
        mall.Store.FailNext(FaultPoint.BeforeTransaction, writes => script.CountOf("+01") == 3 && (mall.Store.IsDown = true));
        var parked = Assert.ThrowsAsync<TimeoutException>(() => Saga(mall).Run("h"));
        while (!mall.Store.IsDown) await Task.Delay(10, TestContext.Current.CancellationToken);
        mend();

        var retried = Saga(mall).Retry();
        await Saga(mall).Begin("h"); // Behind it, and it needs no database.
        mall.Store.IsDown = false;

        Assert.False((await retried).IsRefused);
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
        await parked;
    }

    /// <summary>A saga that is parked, until it is mended.</summary>
    private static (Script Script, Action Mend) Broken()
    {
        var isMended = false;
        var script = new Script()
            .Branch("01", _ => isMended ? Task.FromResult<Refusal?>(null) : throw new InvalidOperationException("a bug"));
        return (script, () => isMended = true);
    }

    private static IScriptedSagaGrain Saga(TestMall mall) => mall.Grains.GetGrain<IScriptedSagaGrain>("s1");
}
