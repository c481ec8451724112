using Mall.Runtime.Tests.Activations;
using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Calls;

public class TimeoutTests
{
    [Theory, MemberData(nameof(CallTests.Ways), MemberType = typeof(CallTests))]
    public void Call_WhenTheGrainIsSilent_TimesOutAfterTheTimeoutAndNotBefore(bool asBytes) => TestSilo.Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        var silent = grain.Write("silent");
        var behind = grain.Write("behind");
        await silo.Probe.Sees("silent starts");
        await silo.Pass(TimeSpan.FromSeconds(29.9));
        Assert.False(silent.IsCompleted);
        await silo.Pass(TimeSpan.FromSeconds(2.2));
        var exception = await Assert.ThrowsAsync<TimeoutException>(() => silent);
        Assert.Contains("plainturn/g", exception.Message);
        await Assert.ThrowsAsync<TimeoutException>(() => behind);

        // The request that ran goes on; the one behind it has not started and never will.
        silo.Probe.Open("silent");
        silo.Probe.Open("after");
        await grain.Write("after");
        Assert.Equal(1, silo.Probe.Count("silent ends"));
        Assert.Equal(0, silo.Probe.Count("behind starts"));
    }, o => o.SerializeLocalCalls = asBytes);

    [Fact]
    public async Task Calls_OfAGrainThatBlocksItsThread_TimeOutAllTheSame()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IBlockingGrain>(1);
        var blocked = grain.Block();
        var behind = grain.Block();
        await silo.Probe.Sees("blocks");
        var ended = Task.WhenAll(blocked, behind);
        await TestSilo.Eventually(() =>
        {
            silo.Time.Advance(TimeSpan.FromSeconds(1));
            return ended.IsCompleted;
        });
        await Assert.ThrowsAsync<TimeoutException>(() => blocked);
        await Assert.ThrowsAsync<TimeoutException>(() => behind);
        silo.Probe.Open("unblock");
    }
}

public interface IBlockingGrain : IGrainWithIntegerKey
{
    Task Block();
}

public sealed class BlockingGrain(Probe probe) : Grain, IBlockingGrain
{
    public Task Block()
    {
        probe.Record("blocks");
        SpinWait.SpinUntil(() => probe.Gate("unblock").IsCompleted, TestSilo.Patience);
        return Task.CompletedTask;
    }
}
