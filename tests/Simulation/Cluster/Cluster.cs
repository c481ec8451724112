using Mall.Ledger;

namespace Mall.Simulation;

/// <summary>Silos, front doors and the database of one mall, and what may happen to them.</summary>
internal sealed class Cluster : IDisposable
{
    private readonly Dictionary<string, MallSilo> _silos = [];
    private readonly HashSet<string> _wanted = [];
    private readonly List<FrontDoor> _doors = [];
    private readonly Random _random;
    private int _starts;

    public Cluster(World world, ClusterOptions options)
    {
        (World, Options, _random) = (world, options, world.Random("cluster"));
        Network = new Network(world, Tally);
        Membership = new Membership(world, Tally);
        var machine = new SimulatedProcess(world, "database");
        Database = new SimulatedDatabase(machine.Clock, world.Random("database"), world.Trace);
        for (var i = 1; i <= options.Silos; i++) Start($"silo-{i}");
        for (var i = 1; i <= options.FrontDoors; i++)
            _doors.Add(new FrontDoor(new SimulatedProcess(world, $"door-{i}"), Network, Membership));
    }

    public World World { get; }

    public ClusterOptions Options { get; }

    public Tally Tally { get; } = new();

    public Network Network { get; }

    public Membership Membership { get; }

    public SimulatedDatabase Database { get; }

    /// <summary>Stock that is being taken, for the oracles.</summary>
    public Reservations Reservations { get; } = new();

    public IReadOnlyList<FrontDoor> Doors => _doors;

    /// <summary>The silos whose processes live, in the order of their names.</summary>
    public IReadOnlyList<MallSilo> Silos => [.. _silos.Values.Where(silo => silo.Process.IsAlive)];

    /// <summary>While it is true, a supervisor starts again whatever has ended.</summary>
    public bool IsSupervised { get; set; } = true;

    /// <summary>Starts it unless it runs; from then on its supervisor starts it again.</summary>
    public void Start(string name)
    {
        _wanted.Add(name);
        if (_silos.TryGetValue(name, out var before) && before.Process.IsAlive) return;
        var process = new SimulatedProcess(World, name, Options.LongestClockOff * ((2 * _random.NextDouble()) - 1));
        var store = new SimulatedStore(Database, name, process.Scheduler, process.Clock);
        var ledger = new LedgerOptions
        {
            Scheduler = process.Scheduler,
            Random = new Random(_random.Next()),
            Retention = Options.Retention,
            CleanUpPeriod = Options.CleanUpPeriod,
            DuePeriod = Options.DuePeriod,
        };
        var silo = new MallSilo(++_starts, process, Network, Membership, store, ledger, Reservations) { Ended = Ended };
        store.Freeze = time => Freeze(silo, time);
        _silos[name] = silo;
        process.Trace("starts");
        process.Start(silo.StartAsync);
    }

    /// <summary>As kill -9. The others find out soon, since its port refuses connections.</summary>
    public void Kill(MallSilo silo)
    {
        Tally.Fault("silo killed");
        silo.Kill("is killed");
        World.Schedule(Draw(0.3, 3), () => Membership.Set(silo, SiloState.Dead));
    }

    /// <summary>As SIGSTOP, and later SIGCONT. Frozen for long, it is declared dead.</summary>
    public void Freeze(MallSilo silo, TimeSpan time)
    {
        if (silo.Process.IsFrozen || !silo.Process.IsAlive) return;
        Tally.Fault("silo frozen");
        silo.Process.Trace($"is frozen for {time.TotalSeconds:0.0} s");
        silo.Process.Freeze();
        World.Schedule(time, () =>
        {
            if (!silo.Process.IsAlive) return;
            silo.Process.Trace("goes on");
            silo.Process.Continue();
        });
        var patience = Draw(12, 22);
        if (patience < time) World.Schedule(patience, () => Membership.Set(silo, SiloState.Dead));
    }

    /// <summary>In order: it drains.</summary>
    public void Stop(MallSilo silo)
    {
        if (!silo.IsUp || silo.IsLeaving) return;
        Tally.Fault("silo stopped in order");
        silo.Process.Start(silo.StopAsync);
    }

    /// <summary>In order, for good.</summary>
    public void Leave(string name)
    {
        _wanted.Remove(name);
        if (_silos.TryGetValue(name, out var silo)) Stop(silo);
    }

    public TimeSpan Draw(double fromSeconds, double toSeconds) =>
        TimeSpan.FromSeconds(fromSeconds + ((toSeconds - fromSeconds) * _random.NextDouble()));

    public void Dispose()
    {
        IsSupervised = false;
        foreach (var silo in Silos) silo.Kill("the run is over");
        Database.Dispose();
    }

    private void Ended(MallSilo silo, string why)
    {
        if (IsSupervised) Tally.Count("silos ended");
        World.Schedule(Draw(1, 15), () =>
        {
            if (IsSupervised && _wanted.Contains(silo.Process.Name)) Start(silo.Process.Name);
        });
    }
}

/// <summary>What a cluster consists of.</summary>
public sealed record ClusterOptions
{
    public int Silos { get; init; } = 3;

    public int FrontDoors { get; init; } = 2;

    /// <summary>Each silo's clock is off by up to this, to either side.</summary>
    public TimeSpan LongestClockOff { get; init; }

    /// <summary>
    /// Longer than clocks are apart and messages travel, as seven days are: a barrier outlives what it holds off.
    /// </summary>
    public TimeSpan Retention => TimeSpan.FromMinutes(2) + (2 * LongestClockOff);

    /// <inheritdoc cref="LedgerOptions.CleanUpPeriod"/>
    public TimeSpan CleanUpPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc cref="LedgerOptions.DuePeriod"/>
    public TimeSpan DuePeriod { get; init; } = TimeSpan.FromSeconds(2);
}
