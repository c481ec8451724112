namespace Mall.Simulation;

/// <summary>Messages between processes: each arrives some time later, in any order, or never; none twice, as Orleans sends each
/// once.</summary>
internal sealed class Network(World world, Tally faults, double slow, double lost)
{
    private static readonly TimeSpan s_way = TimeSpan.FromMicroseconds(300);
    private static readonly TimeSpan s_slowest = TimeSpan.FromSeconds(3);

    private readonly Random _random = world.Random("network");
    private readonly Dictionary<(string, string), List<Action>> _clogged = [];

    /// <param name="refused">Runs at the sender's when there is no process any more at the other end.</param>
    public void Send(SimulatedProcess from, SimulatedProcess to, Action arrive, Action? refused = null)
    {
        if (from == to) world.ScheduleSoon(arrive, to);
        else if (_random.NextDouble() < lost) faults.Note("message lost");
        else if (_clogged.TryGetValue((from.Name, to.Name), out var held)) held.Add(Travel);
        else Travel();

        void Travel() => world.Schedule(Way(), () =>
        {
            if (!to.IsAlive) world.Schedule(Way(), refused ?? (static () => { }), from);
            else if (to.IsFrozen) to.Defer(arrive);
            else arrive();
        });
    }

    public void Clog((string From, string To) link)
    {
        if (!_clogged.TryAdd(link, [])) return;
        faults.Note("link clogged");
        world.Trace($"network: {link} is clogged");
    }

    /// <param name="isBroken">The connection broke: what waited is lost.</param>
    public void Open((string From, string To) link, bool isBroken)
    {
        if (!_clogged.Remove(link, out var held)) return;
        world.Trace($"network: {link} is open, {held.Count} messages {(isBroken ? "lost" : "go on")}");
        if (!isBroken) held.ForEach(travel => travel());
    }

    public bool IsClogged((string From, string To) link) => _clogged.ContainsKey(link);

    public void Mend()
    {
        (slow, lost) = (0, 0);
        foreach (var link in _clogged.Keys.ToArray()) Open(link, isBroken: false);
    }

    private TimeSpan Way() => _random.NextDouble() < slow
        ? s_slowest * _random.NextDouble() : s_way * (0.5 + _random.NextDouble());
}

internal enum SiloState { Active, Leaving, Dead }

/// <summary>The table of silos. It is right; what each silo knows of it comes later, to each at another time, and that is where
/// two activations of one grain come from.</summary>
/// <param name="lateNews">How often a silo is not told, and reads the table at its next refresh.</param>
internal sealed class Membership(World world, Tally counts, double lateNews)
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromSeconds(10);

    private readonly Random _random = world.Random("membership");
    private readonly Dictionary<SimulatedSilo, SiloState> _table = [];

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

    public void NoteBegun(GrainId grain)
    {
        counts.Note("activations");
        if (GrainTypes.Of(grain).Place != GrainPlace.Here && _table.Keys.Count(s => s.Process.IsAlive && s.Has(grain)) > 1)
            counts.Note("double activations");
    }

    private TimeSpan Lag() => _random.NextDouble() < lateNews
        ? s_refresh * _random.NextDouble() : TimeSpan.FromMilliseconds(20 + _random.Next(300));
}
