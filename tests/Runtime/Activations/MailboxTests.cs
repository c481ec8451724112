using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Activations;

public class MailboxTests
{
    [Fact]
    public async Task Call_WhenTheMailboxIsFull_IsRefusedAtOnceAndLaterCallsAreTakenAgain()
    {
        await using var silo = await TestSilo.StartAsync(o => o.MailboxLimit = 10);
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        var running = grain.Write("running");
        await silo.Probe.Sees("running starts");
        var calls = Enumerable.Range(0, 30).Select(i => grain.Write($"w{i}")).ToArray();
        await TestSilo.Eventually(() => calls.Count(c => c.IsFaulted) == 20);
        foreach (var refused in calls.Where(c => c.IsFaulted))
            Assert.Contains("10 are allowed", (await Assert.ThrowsAsync<LimitExceededException>(() => refused)).Message);
        var told = grain.Tell("told");
        await Assert.ThrowsAsync<LimitExceededException>(() => told);

        silo.Probe.Open("running");
        for (var i = 0; i < 30; i++) silo.Probe.Open($"w{i}");
        await Task.WhenAll(calls.Where(c => !c.IsFaulted));
        await running;
        silo.Probe.Open("after");
        await grain.Write("after");
    }

    [Fact]
    public async Task OtherGrains_WhenOneMailboxIsFull_AreNotAffected()
    {
        await using var silo = await TestSilo.StartAsync(o => o.MailboxLimit = 1);
        var stuck = silo.Grains.GetGrain<IPlainTurnGrain>("stuck");
        var calls = Enumerable.Range(0, 5).Select(i => stuck.Write("stuck")).ToArray();
        silo.Probe.Open("free");
        await silo.Grains.GetGrain<IPlainTurnGrain>("free").Write("free");
        silo.Probe.Open("stuck");
        await Task.WhenAll(calls.Select(c => c.ContinueWith(_ => { }, TestContext.Current.CancellationToken)));
    }
}
