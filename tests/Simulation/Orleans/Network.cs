namespace Mall.Simulation;

/// <summary>
/// Messages between processes: each arrives some time later, in any order, or never; none twice, as Orleans sends each once.
/// </summary>
internal sealed class Network(World world, Tally tally)
{
    private readonly Random _random = world.Random("network");
    private readonly Dictionary<(string, string), List<Action>> _clogged = [];

    public NetworkOptions Options { get; set; } = new();

    /// <param name="refused">Runs at the sender's when there is no process any more at the other end.</param>
    public void Send(SimulatedProcess from, SimulatedProcess to, Action arrive, Action? refused = null)
    {
        if (from == to)
        {
            world.ScheduleSoon(arrive, to);
            return;
        }

        if (_random.NextDouble() < Options.Lost)
        {
            tally.Fault("message lost");
            return;
        }

        void Travel() => world.Schedule(Way(), () =>
        {
            if (!to.IsAlive) world.Schedule(Way(), refused ?? (static () => { }), from);
            else if (to.IsFrozen) to.Defer(arrive);
            else arrive();
        });

        if (_clogged.TryGetValue((from.Name, to.Name), out var held)) held.Add(Travel);
        else Travel();
    }

    /// <summary>Nothing comes through in this direction, until it is opened.</summary>
    public void Clog(string from, string to)
    {
        if (!_clogged.TryAdd((from, to), [])) return;
        tally.Fault("link clogged");
        world.Trace($"network: {from} to {to} is clogged");
    }

    /// <param name="isBroken">The connection broke: what waited is lost.</param>
    public void Open(string from, string to, bool isBroken)
    {
        if (!_clogged.Remove((from, to), out var held)) return;
        world.Trace($"network: {from} to {to} is open, {held.Count} messages {(isBroken ? "lost" : "go on")}");
        if (!isBroken) held.ForEach(travel => travel());
    }

    public void OpenAll()
    {
        foreach (var (from, to) in _clogged.Keys.ToArray()) Open(from, to, isBroken: false);
    }

    public bool IsClogged(string from, string to) => _clogged.ContainsKey((from, to));

    private TimeSpan Way()
    {
        if (_random.NextDouble() < Options.Slow) return Options.Slowest * _random.NextDouble();
        return Options.Way * (0.5 + _random.NextDouble());
    }
}

/// <summary>How the network is. Rates are probabilities from 0 to 1.</summary>
public sealed record NetworkOptions
{
    /// <summary>What a message takes, give or take a half. Default 300 µs.</summary>
    public TimeSpan Way { get; init; } = TimeSpan.FromMicroseconds(300);

    /// <summary>A message that takes up to <see cref="Slowest"/>.</summary>
    public double Slow { get; init; }

    /// <summary>Default 3 s.</summary>
    public TimeSpan Slowest { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A message that never arrives.</summary>
    public double Lost { get; init; }
}
