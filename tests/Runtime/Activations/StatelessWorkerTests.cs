using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Activations;

public interface IWorkerGrain : IGrainWithIntegerKey
{
    Task Work(string gate);
}

[StatelessWorker(2)]
public sealed class WorkerGrain(Probe probe) : Grain, IWorkerGrain
{
    public async Task Work(string gate)
    {
        probe.Record($"{gate} starts");
        await probe.Gate(gate);
    }
}

public class StatelessWorkerTests
{
    [Fact]
    public void Calls_RunInParallelUpToTheLimit_AndTheRestWaits() => TestSilo.Simulate(async silo =>
    {
        var worker = silo.Grains.GetGrain<IWorkerGrain>(0);
        var calls = Enumerable.Range(0, 4).Select(i => worker.Work($"w{i}")).ToArray();
        await silo.Probe.Sees("w0 starts");
        await silo.Probe.Sees("w1 starts");
        Assert.Equal(2, silo.Probe.Events.Count);
        Assert.Equal(2, silo.Statistics.GrainTypes.Single(t => t.GrainType == "worker").Activations);
        for (var i = 0; i < 4; i++) silo.Probe.Open($"w{i}");
        await Task.WhenAll(calls);
        Assert.Equal(2, silo.Statistics.GrainTypes.Single(t => t.GrainType == "worker").Activations);
    });

    [Fact]
    public void Workers_WhenIdle_AreCollectedAndComeBack() => TestSilo.Simulate(async silo =>
    {
        var worker = silo.Grains.GetGrain<IWorkerGrain>(0);
        silo.Probe.Open("w");
        await worker.Work("w");
        await silo.Pass(TimeSpan.FromMinutes(16));
        Assert.Equal(0, silo.Statistics.GrainTypes.Single(t => t.GrainType == "worker").Activations);
        await worker.Work("w");
    });
}
