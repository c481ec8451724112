namespace Mall.Runtime.Tests.Cluster;

/// <summary>Counts calls, each under a number of its own.</summary>
public interface ITallyGrain : IGrainWithIntegerKey
{
    /// <summary>Takes some time, and another grain's help now and then.</summary>
    Task<long> Count(long call);
}

/// <summary>Everything that grains have done in a simulation, as somebody sees it who sees all processes at once.</summary>
public sealed class Tally
{
    private readonly Dictionary<long, int> _executions = [];
    private readonly Dictionary<long, HashSet<SiloAddress>> _places = [];
    private readonly HashSet<SiloAddress> _dead = [];

    public List<string> Faults { get; } = [];

    public int ExecutionsOf(long call) => _executions.GetValueOrDefault(call);

    public IReadOnlyCollection<SiloAddress> PlacesOf(long key) => _places.GetValueOrDefault(key) ?? [];

    public void Execute(long call) => _executions[call] = ExecutionsOf(call) + 1;

    public void Up(long key, SiloAddress place)
    {
        if (_dead.Contains(place)) return; // What is left of a killed process still runs here, and nobody can hear it.
        if (!_places.TryGetValue(key, out var places)) _places[key] = places = [];
        places.Add(place);
    }

    public void Down(long key, SiloAddress place) => _places.GetValueOrDefault(key)?.Remove(place);

    /// <summary>A process has died with all that was in its memory.</summary>
    public void Died(SiloAddress place)
    {
        _dead.Add(place);
        foreach (var (_, places) in _places) places.Remove(place);
    }
}

public sealed class TallyGrain(Tally tally, IMembership membership, TimeProvider time, IRandomSource random) : Grain, ITallyGrain
{
    private SiloAddress? _place;
    private long _count;

    public async Task<long> Count(long call)
    {
        if (!membership.MayServe) tally.Faults.Add($"call {call} was let in at {membership.Self}, which has no lease");
        tally.Execute(call);
        var dice = random.NextUInt64() % 8;
        if (dice < 3) await Task.Delay(TimeSpan.FromMilliseconds(dice * 3), time);
        return ++_count;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _place = membership.Self;
        tally.Up(this.GetPrimaryKeyLong(), _place);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        tally.Down(this.GetPrimaryKeyLong(), _place!);
        return Task.CompletedTask;
    }
}
