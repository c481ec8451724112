using Mall.Runtime.Tests.Activations;
using Mall.Runtime.Tests.Calls;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime.Tests.Hosting;

public class DrainTests
{
    [Fact]
    public void Stop_LetsRunningCallsEnd_RefusesNewOnes_AndDeactivatesAll() => Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ILifeGrain>("a");
        var running = grain.Hold("hold");
        var waiting = grain.Touch();
        await silo.Probe.Sees("hold starts");
        var stopping = silo.StopAsync();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.Touch());
        await silo.Pass(TimeSpan.FromSeconds(1));
        Assert.False(stopping.IsCompleted);
        silo.Probe.Open("hold");
        await stopping;
        await running;
        Assert.Equal(1, await waiting);
        Assert.Equal(1, silo.Probe.Count("a deactivates: ShuttingDown"));
        Assert.Equal(0, silo.Statistics.Activations);
    });

    [Fact]
    public void Stop_WhenACallNeverEnds_EndsAtTheDeadlineAndTellsTheCaller() => Simulate(async silo =>
    {
        var stuck = silo.Grains.GetGrain<ILifeGrain>("a").Hold("never");
        await silo.Probe.Sees("never starts");
        var stopping = silo.StopAsync();
        await silo.Pass(TimeSpan.FromSeconds(19));
        Assert.False(stopping.IsCompleted);
        await stopping;
        await Assert.ThrowsAsync<SiloUnavailableException>(() => stuck);
    });

    [Fact]
    public void Stop_LetsGrainsCallEachOtherUntilTheirRequestsEnd() => Simulate(async silo =>
    {
        var relay = silo.Grains.GetGrain<IRelayGrain>(1).Relay("go");
        await silo.Probe.Sees("relay waits");
        var stopping = silo.StopAsync();
        silo.Probe.Open("go");
        await stopping;
        Assert.Equal(5, await relay);
    });

    [Fact]
    public async Task StartupTasks_RunInOrderAndMayCallGrains()
    {
        var seen = new List<string>();
        await using var silo = await TestSilo.StartAsync(silo: s => s
            .AddStartupTask(async (services, _) =>
                seen.Add($"first {await services.GetRequiredService<IGrainFactory>().GetGrain<ICounterGrain>(1).Add(5)}"))
            .AddStartupTask<SecondTask>());
        Assert.Equal(["first 5"], seen);
        Assert.Equal(["second 6"], silo.Probe.Events);
    }

    private static void Simulate(Func<TestSilo, Task> test, Action<SiloOptions>? options = null) =>
        TestSilo.Simulate(test, options, s => s.Services.AddSingleton<LifeCounter>());

    private sealed class SecondTask(IClusterClient client, Probe probe) : IStartupTask
    {
        public async Task Execute(CancellationToken cancellationToken) =>
            probe.Record($"second {await client.GetGrain<ICounterGrain>(1).Add(1)}");
    }
}

public interface IRelayGrain : IGrainWithIntegerKey
{
    Task<long> Relay(string gate);
}

public sealed class RelayGrain(Probe probe) : Grain, IRelayGrain
{
    public async Task<long> Relay(string gate)
    {
        probe.Record("relay waits");
        await probe.Gate(gate);
        return await GrainFactory.GetGrain<ICounterGrain>(77).Add(5);
    }
}
