using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Timers;

public interface ITimerGrain : IGrainWithIntegerKey
{
    Task Start(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive, string? gate);

    Task Change(TimeSpan due, TimeSpan period);

    Task Stop();

    Task Hold(string gate);

    Task Leave();
}

public sealed class TimerGrain(Probe probe, TimeProvider time) : Grain, ITimerGrain
{
    private readonly DateTimeOffset _born = time.GetUtcNow();
    private IGrainTimer? _timer;

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Record($"deactivates: {reason.ReasonCode}");
        return Task.CompletedTask;
    }

    public Task Start(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive, string? gate)
    {
        var options = new GrainTimerCreationOptions { DueTime = due, Period = period, Interleave = interleave,
            KeepAlive = keepAlive };
        _timer = this.RegisterGrainTimer(Tick, gate, options);
        return Task.CompletedTask;
    }

    public Task Change(TimeSpan due, TimeSpan period)
    {
        _timer!.Change(due, period);
        return Task.CompletedTask;
    }

    public Task Stop()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task Hold(string gate) => probe.Gate(gate);

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private async Task Tick(string? gate, CancellationToken cancellationToken)
    {
        probe.Record($"tick at {(time.GetUtcNow() - _born).TotalSeconds}");
        if (gate == "throw") throw new InvalidOperationException("A bad tick.");
        if (gate == "cancel")
        {
            await Probe.Cancelled(cancellationToken);
            probe.Record("tick cancelled");
        }
        else if (gate is not null)
        {
            await probe.Gate(gate);
        }
    }
}

public class TimerTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Timer_TicksWhenDueAndAfterEachPeriod() => TestSilo.Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ITimerGrain>(1);
        await grain.Start(2 * Second, 3 * Second, false, false, null);
        await silo.Pass(9 * Second);
        Assert.Equal(["tick at 2", "tick at 5", "tick at 8"], silo.Probe.Events);
        await grain.Change(Second, Timeout.InfiniteTimeSpan);
        await silo.Pass(9 * Second);
        Assert.Equal("tick at 10", silo.Probe.Events[^1]);
        Assert.Equal(4, silo.Probe.Events.Count);
        await grain.Change(Second, Second);
        await grain.Stop();
        await silo.Pass(9 * Second);
        Assert.Equal(4, silo.Probe.Events.Count);
    });

    [Fact]
    public void Period_CountsFromTheEndOfATick_SoTicksDoNotOverlap() => TestSilo.Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ITimerGrain>(1);
        await grain.Start(Second, Second, true, false, "slow");
        await silo.Pass(5 * Second);
        Assert.Equal(["tick at 1"], silo.Probe.Events);
        silo.Probe.Open("slow");
        await silo.Pass(Second);
        Assert.Equal(["tick at 1", "tick at 6"], silo.Probe.Events);
    });

    [Fact]
    public void Tick_WhenARequestRuns_WaitsUnlessItInterleaves() => TestSilo.Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ITimerGrain>(1);
        await grain.Start(Second, Timeout.InfiniteTimeSpan, false, false, null);
        var hold = grain.Hold("hold");
        await silo.Pass(3 * Second);
        Assert.Empty(silo.Probe.Events);
        silo.Probe.Open("hold");
        await hold;
        await silo.Settle();
        Assert.Equal(["tick at 3"], silo.Probe.Events);

        var other = silo.Grains.GetGrain<ITimerGrain>(2);
        await other.Start(Second, Timeout.InfiniteTimeSpan, true, false, null);
        var holdOther = other.Hold("other");
        await silo.Pass(3 * Second);
        Assert.Equal(["tick at 3", "tick at 1"], silo.Probe.Events);
        silo.Probe.Open("other");
        await holdOther;
    });

    [Fact]
    public void Request_WhenATickRuns_WaitsForItsEnd() => TestSilo.Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ITimerGrain>(1);
        await grain.Start(Second, Timeout.InfiniteTimeSpan, false, false, "tick");
        await silo.Pass(Second);
        var stop = grain.Stop();
        await silo.Settle();
        Assert.False(stop.IsCompleted);
        silo.Probe.Open("tick");
        await stop;
    });

    [Fact]
    public void Timer_WhenATickThrows_GoesOn() => TestSilo.Simulate(async silo =>
    {
        await silo.Grains.GetGrain<ITimerGrain>(1).Start(Second, Second, false, false, "throw");
        await silo.Pass(3 * Second);
        Assert.Equal(3, silo.Probe.Events.Count);
    });

    [Theory, InlineData(true), InlineData(false)]
    public void KeepAlive_KeepsAnActivationThatOnlyTicks(bool keepAlive) => TestSilo.Simulate(async silo =>
    {
        await silo.Grains.GetGrain<ITimerGrain>(1).Start(Second, TimeSpan.FromMinutes(1), false, keepAlive, null);
        await silo.Pass(TimeSpan.FromMinutes(20));
        Assert.Equal(keepAlive ? 0 : 1, silo.Probe.Count("deactivates: ActivationIdle"));
    });

    [Fact]
    public void Deactivation_StopsTheTimersFirst() => TestSilo.Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ITimerGrain>(1);
        await grain.Start(Second, Second, true, false, null);
        await grain.Start(Second, Second, true, false, "cancel");
        await silo.Pass(Second);
        Assert.Equal(2, silo.Probe.Events.Count);
        await grain.Leave();
        await silo.Pass(TimeSpan.FromSeconds(40)); // The tick that hangs is given up, and hears of it.
        Assert.Equal(1, silo.Probe.Count("tick cancelled"));
        Assert.Equal(1, silo.Probe.Count("deactivates: ApplicationRequested"));
        var ticks = silo.Probe.Events.Count(e => e.StartsWith("tick at", StringComparison.Ordinal));
        await silo.Pass(10 * Second);
        Assert.Equal(ticks, silo.Probe.Events.Count(e => e.StartsWith("tick at", StringComparison.Ordinal)));
    });
}
