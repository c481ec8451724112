namespace Mall.Simulation;

internal enum SiloState { Active, Leaving, Dead }

/// <summary>
/// The table of silos. It is right; what each silo knows of it comes later, to each at another time, and that is where two
/// activations of one grain come from.
/// </summary>
/// <param name="lateNews">How often a silo is not told, and reads the table at its next refresh.</param>
internal sealed class Membership(World world, Tally counts, double lateNews)
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromSeconds(10);

    private readonly Random _random = world.Random("membership");
    private readonly Dictionary<SimulatedSilo, SiloState> _table = [];

    /// <summary>Who serves now, in the order in which they have joined.</summary>
    public IEnumerable<SimulatedSilo> Active => _table.Where(m => m.Value == SiloState.Active).Select(m => m.Key);
    public Dictionary<SimulatedSilo, SiloState> Snapshot => new(_table);

    public void Set(SimulatedSilo silo, SiloState state)
    {
        if (_table.GetValueOrDefault(silo) == SiloState.Dead) return;
        _table[silo] = state;
        world.Trace($"membership: {silo.Process.Name} is {state}");
        foreach (var member in _table.Keys.Where(member => member.Process.IsAlive))
            member.Process.Schedule(member == silo && state == SiloState.Active ? TimeSpan.Zero : Lag(), member.Learn);
    }

    /// <summary>An activation begins: perhaps beside another.</summary>
    public void NoteBegun(GrainId grain)
    {
        counts.Note("activations");
        if (GrainTypes.Of(grain).Place != GrainPlace.Here && _table.Keys.Count(s => s.Process.IsAlive && s.Has(grain)) > 1)
            counts.Note("double activations");
    }

    private TimeSpan Lag() => _random.NextDouble() < lateNews
        ? s_refresh * _random.NextDouble() : TimeSpan.FromMilliseconds(20 + _random.Next(300));
}
