namespace Mall.Simulation;

internal enum SiloState
{
    Active,
    Leaving,
    Dead,
}

/// <summary>
/// The table of silos. It is right; what each silo knows of it comes later, to each at another time, and that is where two
/// activations of one grain come from.
/// </summary>
internal sealed class Membership(World world, Tally tally)
{
    private readonly Random _random = world.Random("membership");
    private readonly Dictionary<SimulatedSilo, SiloState> _table = [];

    public MembershipOptions Options { get; set; } = new();

    /// <summary>Who serves now, in the order in which they have joined.</summary>
    public IEnumerable<SimulatedSilo> Active => _table.Where(m => m.Value == SiloState.Active).Select(m => m.Key);

    public IReadOnlyDictionary<SimulatedSilo, SiloState> Snapshot => new Dictionary<SimulatedSilo, SiloState>(_table);

    /// <summary>An activation begins: perhaps beside another.</summary>
    public void NoteBegun(Activation activation)
    {
        tally.Count("activations");
        var alike = _table.Keys.Count(silo => silo.Process.IsAlive && silo.Has(activation.GrainId));
        if (alike > 1) tally.Count("double activations");
    }

    public bool IsDead(SimulatedSilo silo) => _table.GetValueOrDefault(silo) == SiloState.Dead;

    public void Set(SimulatedSilo silo, SiloState state)
    {
        if (IsDead(silo)) return;
        _table[silo] = state;
        world.Trace($"membership: {silo.Process.Name} is {state}");
        foreach (var member in _table.Keys.Where(member => member.Process.IsAlive))
            member.Process.Schedule(member == silo && state == SiloState.Active ? TimeSpan.Zero : Lag(), member.Learn);
    }

    private TimeSpan Lag() => _random.NextDouble() < Options.LateNews
        ? Options.LatestNews * _random.NextDouble()
        : TimeSpan.FromMilliseconds(20 + _random.Next(300));
}

/// <summary>How silos learn of each other. Rates are probabilities from 0 to 1.</summary>
public sealed record MembershipOptions
{
    /// <summary>A silo is not told of a change, and reads it in the table after up to <see cref="LatestNews"/>.</summary>
    public double LateNews { get; init; } = 0.1;

    /// <summary>Default 10 s, the table's refresh.</summary>
    public TimeSpan LatestNews { get; init; } = TimeSpan.FromSeconds(10);
}
