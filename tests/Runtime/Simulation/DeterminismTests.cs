namespace Mall.Runtime.Tests.Simulation;

public interface IDiceGrain : IGrainWithStringKey
{
    Task<int> Roll(int depth);

    [AlwaysInterleave]
    Task Note(string what);
}

/// <summary>Does what grains do: awaits, calls in parallel, timers, delays, leaving.</summary>
public sealed class DiceGrain(Probe probe, TimeProvider time) : Grain, IDiceGrain
{
    private int _rolls;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(_ => Note("ticks"), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        return Note("activates");
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Note("deactivates");

    public async Task<int> Roll(int depth)
    {
        await Note($"rolls {depth}");
        if (depth == 0) return ++_rolls;
        var calls = Enumerable.Range(0, 3).Select(i => GrainFactory.GetGrain<IDiceGrain>($"d{(depth * 3) + i}").Roll(depth - 1));
        var sum = (await Task.WhenAll(calls)).Sum();
        await Task.Delay(TimeSpan.FromMilliseconds(700 * depth), time);
        if (sum % 2 == 0) DeactivateOnIdle();
        return sum;
    }

    public Task Note(string what)
    {
        probe.Record($"{time.GetUtcNow():ss.fff} {this.GetPrimaryKeyString()} {what}");
        return Task.CompletedTask;
    }
}

public class DeterminismTests
{
    [Fact]
    public void Silo_WithTheSameSeed_DoesTheSame()
    {
        var first = Trace(seed: 42);
        Assert.Equal(first, Trace(seed: 42));
        Assert.True(first.Count > 100, "The program is too small to show anything.");
        Assert.Contains(Enumerable.Range(1, 5), seed => !Trace(seed).SequenceEqual(first));
    }

    private static IReadOnlyList<string> Trace(int seed)
    {
        IReadOnlyList<string> trace = [];
        TestSilo.Simulate(async silo =>
        {
            var rolls = Enumerable.Range(0, 4).Select(i => silo.Grains.GetGrain<IDiceGrain>($"root{i}").Roll(3)).ToArray();
            var sums = await Task.WhenAll(rolls);
            await silo.Pass(TimeSpan.FromSeconds(5));
            trace = [.. silo.Probe.Events, string.Join(' ', sums)];
        }, seed: seed);
        return trace;
    }
}
