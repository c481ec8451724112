using Mall.Api.Auth;
using Mall.Api.Calls;
using Mall.Api.Sagas;
using Mall.Sagas;
using Mall.Tests.Hosting;

namespace Mall.Tests.Sagas;

/// <summary>What an operator does under a key is done once, and has one answer, whichever call of it comes first.</summary>
public sealed class PushTests
{
    private const string FindSaga = "payload, request_hash";

    [Fact]
    public async Task A_retry_that_finds_what_its_first_call_has_ended_is_answered_as_that_was()
    {
        await using var mall = await ParkedAsync();
        var directory = mall.Grains.GetGrain<ISagaDirectoryGrain>(0);
        var key = new Idempotency(1, "k", "retry s1");
        Result<SagaView>? first = null;
        mall.Store.BeforeNext(FindSaga, async () =>
        {
            first = await directory.Retry("s1", key);
            await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas");
        });

        var second = await directory.Retry("s1", key);

        Assert.NotNull(first?.Value);
        Assert.Equal(first.Value.UpdatedAt, second.Value?.UpdatedAt);
        Assert.Equal(ErrorCodes.SagaStatusForbids, (await directory.Retry("s1", key with { Key = "l" })).Refusal?.Code);
    }

    [Fact]
    public async Task A_retry_that_is_overdue_is_not_refused_what_its_first_call_is_about_to_be_granted()
    {
        var (ended, noting) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var mall = await ParkedAsync(silo => silo.AddIncomingGrainCallFilter(async call =>
        {
            await call.Invoke();
            if (call is { MethodName: nameof(ISagaDirectoryGrain.Retry), Grain: SagaDirectoryGrain })
                Interlocked.Increment(ref ended);
        }));
        mall.Store.BeforeNext("finish_time from sagas", () => noting.Task); // Behind its push, and before its key is noted.

        var retried = new SagaDesk(mall.Grains).Retry(
            new Caller(1, Roles.Operator), "s1", "k",
            new Patience(TimeSpan.FromSeconds(120), TimeProvider.System, CancellationToken.None));
        await TestMall.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref ended) == 1), "the second call is answered");
        noting.SetResult();

        Assert.False((await retried).IsRefused);
    }

    /// <summary>Its saga s1 is parked, and goes well when it is retried.</summary>
    private static async Task<TestMall> ParkedAsync(Action<ISiloBuilder>? silo = null)
    {
        var limit = TestMall.Impatient.FailureLimit;
        var mall = await new Script()
            .Branch("01", call => call < limit ? throw new InvalidOperationException() : Task.FromResult<Refusal?>(null))
            .OpenAsync(silo: silo);
        await Assert.ThrowsAsync<TimeoutException>(() => mall.Grains.GetGrain<IScriptedSagaGrain>("s1").Run("h"));
        return mall;
    }
}
