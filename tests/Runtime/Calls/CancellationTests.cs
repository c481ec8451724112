using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Calls;

public interface IPatientGrain : IGrainWithIntegerKey
{
    Task<string> Wait(string name, CancellationToken cancellationToken);

    Task<bool> CanBeCancelled(CancellationToken cancellationToken = default);
}

public sealed class PatientGrain(Probe probe) : Grain, IPatientGrain
{
    public async Task<string> Wait(string name, CancellationToken cancellationToken)
    {
        var context = SynchronizationContext.Current;
        var cancelled = new TaskCompletionSource();
        using var registration = cancellationToken.Register(() =>
        {
            probe.Record(ReferenceEquals(SynchronizationContext.Current, context) ? $"{name} cancelled on a turn"
                : $"{name} cancelled elsewhere");
            cancelled.SetResult();
        });
        probe.Record($"{name} starts");
        await Task.WhenAny(probe.Gate(name), cancelled.Task);
        probe.Record($"{name} ends");
        cancellationToken.ThrowIfCancellationRequested();
        return name;
    }

    public Task<bool> CanBeCancelled(CancellationToken cancellationToken) => Task.FromResult(cancellationToken.CanBeCanceled);
}

public class CancellationTests
{
    public static TheoryData<bool> Ways => CallTests.Ways;

    [Theory, MemberData(nameof(Ways))]
    public async Task Cancel_WhenTheCallRuns_EndsTheCallAndCancelsTheCalleeOnATurn(bool asBytes)
    {
        await using var silo = await TestSilo.StartAsync(o => o.SerializeLocalCalls = asBytes);
        using var source = new CancellationTokenSource();
        var call = silo.Grains.GetGrain<IPatientGrain>(1).Wait("a", source.Token);
        await silo.Probe.Sees("a starts");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await silo.Probe.Sees("a cancelled on a turn");
        await silo.Probe.Sees("a ends");
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Cancel_WhenTheCallWaits_EndsItBeforeItHasStarted(bool asBytes)
    {
        await using var silo = await TestSilo.StartAsync(o => o.SerializeLocalCalls = asBytes);
        using var source = new CancellationTokenSource();
        var grain = silo.Grains.GetGrain<IPatientGrain>(1);
        var running = grain.Wait("running", TestContext.Current.CancellationToken);
        await silo.Probe.Sees("running starts");
        var waiting = grain.Wait("waiting", source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        silo.Probe.Open("running");
        Assert.Equal("running", await running);
        Assert.False(await grain.CanBeCancelled(CancellationToken.None) && !asBytes);
        // Between silos the request may start before it hears of the cancellation.
        if (!asBytes) Assert.Equal(0, silo.Probe.Count("waiting starts"));
    }

    [Fact]
    public async Task Call_WhenTheTokenIsCancelledAlready_IsNotSent()
    {
        await using var silo = await TestSilo.StartAsync();
        var call = silo.Grains.GetGrain<IPatientGrain>(1).Wait("a", new CancellationToken(canceled: true));
        Assert.True(call.IsCanceled);
        Assert.Equal(0, silo.Statistics.Calls);
    }

    [Theory, MemberData(nameof(Ways))]
    public void Timeout_CancelsTheCallee(bool asBytes) => TestSilo.Simulate(async silo =>
    {
        using var source = new CancellationTokenSource();
        var call = silo.Grains.GetGrain<IPatientGrain>(1).Wait("a", source.Token);
        await silo.Probe.Sees("a starts");
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        await silo.Probe.Sees("a cancelled on a turn");
    }, o => o.SerializeLocalCalls = asBytes);
}
