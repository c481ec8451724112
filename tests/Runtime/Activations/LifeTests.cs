using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime.Tests.Activations;

/// <summary>Activation, deactivation, idle collection.</summary>
public class LifeTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Fact]
    public void FirstCall_WaitsForTheActivation() => Simulate(async silo =>
    {
        var calls = Enumerable.Range(0, 5).Select(_ => silo.Grains.GetGrain<ILifeGrain>("gated").Touch()).ToArray();
        await silo.Probe.Sees("gated activates");
        Assert.DoesNotContain(calls, c => c.IsCompleted);
        silo.Probe.Open("activate");
        int[] answers = await Task.WhenAll(calls);
        Assert.Equal([1, 2, 3, 4, 5], answers);
    });

    [Fact]
    public void FailedActivation_FailsTheCallsThatWait_AndTheNextCallTriesAgain() => Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ILifeGrain>("failing");
        var calls = Enumerable.Range(0, 5).Select(_ => grain.Touch()).ToArray();
        foreach (var call in calls) await Assert.ThrowsAsync<InvalidOperationException>(() => call);
        silo.Probe.Record("heal");
        Assert.Equal(1, await grain.Touch());
        await Assert.ThrowsAsync<InvalidOperationException>(() => silo.Grains.GetGrain<IConstructorGrain>(1).Touch());
    });

    [Fact]
    public void HangingActivation_IsCancelledAndFails() => Simulate(async silo =>
    {
        var call = silo.Grains.GetGrain<ILifeGrain>("hanging").Touch();
        await silo.Probe.Sees("hanging activates");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    });

    [Fact]
    public void DeactivateOnIdle_LetsRunningRequestsEndAndPassesOnThoseThatWait() => Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ILifeGrain>("a");
        Assert.Equal(1, await grain.Touch());
        var leaving = grain.LeaveLater("leave");
        await silo.Probe.Sees("leave starts");
        var behind = Enumerable.Range(0, 3).Select(_ => grain.Touch()).ToArray();
        Assert.Equal(0, silo.Probe.Count("a deactivates: ApplicationRequested"));
        silo.Probe.Open("leave");
        await leaving;
        int[] answers = await Task.WhenAll(behind);
        Assert.Equal([1, 2, 3], answers); // A fresh instance, and the order kept.
        Assert.Equal(["a activates", "leave starts", "leave ends", "a deactivates: ApplicationRequested", "a activates"],
            silo.Probe.Events);
    });

    [Fact]
    public async Task DeactivateOnIdle_UnderLoad_LosesNoCallAndNeverHasTwoActivations()
    {
        await using var silo = await Start();
        var counter = silo.Services.GetRequiredService<LifeCounter>();
        const int Callers = 16, Calls = 500;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(c => Task.Run(async () =>
        {
            for (var i = 0; i < Calls; i++)
            {
                var grain = silo.Grains.GetGrain<ILifeGrain>($"grumpy{i % 3}");
                if ((c + i) % 4 == 0) await grain.Leave();
                else Assert.True(await grain.Touch() >= 1);
            }
        })));
        Assert.Equal(0, counter.Violations);
        Assert.True(counter.Activations > 100, $"{counter.Activations} activations show nothing.");
        Assert.Equal(Callers * Calls, silo.Statistics.GrainTypes.Single(t => t.GrainType == "life").Calls);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void DeactivateOnIdle_InEveryInterleaving_LosesNoCallAndNeverHasTwoActivations(int seed) =>
        TestSilo.Simulate(async silo =>
        {
            await Task.WhenAll(Enumerable.Range(0, 6).Select(async c =>
            {
                var grain = silo.Grains.GetGrain<ILifeGrain>("grumpy");
                for (var i = 0; i < 12; i++)
                {
                    if ((c + i) % 3 == 0) await grain.Leave();
                    else Assert.True(await grain.Touch() >= 1);
                }
            }));
            Assert.Equal(0, silo.Services.GetRequiredService<LifeCounter>().Violations);
            Assert.Equal(72, silo.Statistics.Calls);
        }, silo: s => s.Services.AddSingleton<LifeCounter>(), seed: seed);

    [Fact]
    public void Activation_ThatAsksForItsEndAtOnce_ServesTheRequestsThatWait() => Simulate(async silo =>
    {
        for (var round = 0; round < 2; round++)
        {
            int[] answers = await Task.WhenAll(
                Enumerable.Range(0, 3).Select(_ => silo.Grains.GetGrain<ILifeGrain>("brief").Touch()));
            Assert.Equal(6, answers.Sum());
            await silo.Settle();
        }

        Assert.Equal(0, silo.Statistics.Activations);
    });

    [Fact]
    public void Instance_WhenTheActivationEnds_IsDisposed() => Simulate(async silo =>
    {
        await silo.Grains.GetGrain<ILifeGrain>("disposable").Leave();
        await silo.Settle();
        Assert.Equal("disposed", silo.Probe.Events[^1]);
    });

    [Fact]
    public void Deactivation_WhenARequestNeverEnds_GoesOnWithoutIt() => Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ILifeGrain>("a");
        var stuck = grain.LeaveLater("stuck");
        await silo.Probe.Sees("stuck starts");
        await silo.Pass(TimeSpan.FromSeconds(35));
        Assert.Equal(1, silo.Probe.Count("a deactivates: ApplicationRequested"));
        Assert.Equal(1, await grain.Touch());
        await Assert.ThrowsAsync<TimeoutException>(() => stuck);
        silo.Probe.Open("stuck");
        await silo.Probe.Sees("stuck ends"); // The abandoned code still gets its turns.
    });

    [Fact]
    public void Deactivation_WhenItsHookNeverEnds_GoesOnWithoutIt() => Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<ILifeGrain>("clinging");
        await grain.Leave();
        var next = grain.Touch();
        await silo.Pass(TimeSpan.FromSeconds(35));
        await Assert.ThrowsAsync<TimeoutException>(() => next);
        await grain.Touch();
        Assert.Equal(2, silo.Probe.Count("clinging activates"));
    });

    [Fact]
    public void IdleActivation_IsCollectedAfterTheAge_AndOneInUseIsNot() => Simulate(async silo =>
    {
        await silo.Grains.GetGrain<ILifeGrain>("idle").Touch();
        await silo.Grains.GetGrain<ILifeGrain>("delayed").Delay(TimeSpan.FromMinutes(8));
        var used = silo.Grains.GetGrain<ILifeGrain>("used");
        var busy = silo.Grains.GetGrain<ILifeGrain>("busy").Hold("busy");
        await silo.Probe.Sees("busy starts");
        for (var minute = 0; minute < 4; minute++)
        {
            await used.Touch();
            await silo.Pass(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(4, silo.Statistics.Activations);
        await used.Touch();
        await silo.Pass(TimeSpan.FromMinutes(1.1));
        await silo.Probe.Sees("idle deactivates: ActivationIdle");
        Assert.Equal(3, silo.Statistics.Activations);
        await silo.Pass(TimeSpan.FromMinutes(3));
        await silo.Probe.Sees("delayed deactivates: ActivationIdle");
        Assert.Equal(0, silo.Probe.Count("used deactivates: ActivationIdle"));
        silo.Probe.Open("busy");
        await Assert.ThrowsAsync<TimeoutException>(() => busy);
    }, o => o.CollectionAge = TimeSpan.FromMinutes(5));

    [Fact]
    public void ForceActivationCollection_CollectsWhatIsOlder() => Simulate(async silo =>
    {
        await silo.Grains.GetGrain<ILifeGrain>("a").Touch();
        var management = silo.Grains.GetGrain<IManagementGrain>(0);
        Assert.Equal(4, await management.GetTotalActivationCount()); // Itself included, and the two of the runtime that it asks.
        Assert.Contains(await management.GetSimpleGrainStatistics(), s => s is { GrainType: "life", ActivationCount: 1 });
        Assert.Single(await management.GetDetailedHosts(onlyActive: true));
        await silo.Pass(TimeSpan.FromSeconds(10));
        await management.ForceActivationCollection(TimeSpan.FromSeconds(5));
        await silo.Probe.Sees("a deactivates: ActivationIdle");
    });

    private static void Simulate(Func<TestSilo, Task> test, Action<SiloOptions>? options = null) =>
        TestSilo.Simulate(test, options, s => s.Services.AddSingleton<LifeCounter>());

    private static Task<TestSilo> Start(Action<SiloOptions>? options = null) =>
        TestSilo.StartAsync(options, s => s.Services.AddSingleton<LifeCounter>());
}
