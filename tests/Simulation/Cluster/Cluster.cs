namespace Mall.Simulation;

/// <summary>Silos, front doors and the database of one mall, and what may happen to them.</summary>
internal sealed class Cluster : IDisposable
{
    public const int Size = 3; // silos at the beginning

    private readonly Dictionary<string, MallSilo> _silos = [];
    private readonly HashSet<string> _wanted = []; // Whatever of these ends, a supervisor starts again.
    private readonly TimeSpan _clocksApart;
    private readonly Random _random;
    private int _starts;

    public Cluster(World world, FaultPlan plan, Mutation? planted)
    {
        (World, Plan, Planted, _random) = (world, plan, planted, world.Random("cluster"));
        _clocksApart = TimeSpan.FromMinutes(plan.ClocksApart);
        Network = new Network(world, Faults, plan.SlowMessages, plan.LostMessages);
        Membership = new Membership(world, Counts, plan.LateNews);
        var machine = new SimulatedProcess(world, "database");
        Database = new(machine.Scheduler, machine.Clock, world.Random("database"), world.Trace) { Faults = Faults };
        Database.Options = plan.Database;
        if (planted?.Trigger is { } bug) Database.Read(new Query<int>($"create trigger planted after {bug}", _ => 0));
        for (var i = 1; i <= Size; i++) Start($"silo-{i}");
        Doors = [.. ((string[])["door-1", "door-2"]).Select(name => new FrontDoor(new SimulatedProcess(world, name), this))];
    }

    public World World { get; }
    public FaultPlan Plan { get; }
    public Mutation? Planted { get; }
    public Tally Counts { get; } = new();
    public Tally Faults { get; } = new();
    public Network Network { get; }
    public Membership Membership { get; }
    public SimulatedDatabase Database { get; }
    public IReadOnlyList<FrontDoor> Doors { get; }
    public Bank Bank { get; set; } = null!; // one of the clients; set before time passes
    public IReadOnlyList<MallSilo> Silos => [.. _silos.Values.Where(silo => silo.Process.IsAlive)];

    /// <summary>How long ended sagas are kept: a barrier outlives clocks that are apart and messages on their way.</summary>
    public TimeSpan Retention => TimeSpan.FromMinutes(2) + (2 * _clocksApart);

    /// <summary>Starts it unless it runs; from then on its supervisor starts it again.</summary>
    public void Start(string name)
    {
        _wanted.Add(name);
        if (_silos.TryGetValue(name, out var before) && before.Process.IsAlive) return;
        var process = new SimulatedProcess(World, name, _clocksApart * ((2 * _random.NextDouble()) - 1));
        var silo = _silos[name] = new MallSilo(this, ++_starts, process, _random.Next());
        process.Trace("starts");
        process.Start(silo.StartAsync);
    }

    /// <summary>As kill -9. The others find out soon, since its port refuses connections.</summary>
    public void Kill(MallSilo silo)
    {
        Faults.Note("silo killed");
        silo.End("is killed");
        World.Schedule(Draw(0.3, 3), () => Membership.Set(silo, SiloState.Dead));
    }

    /// <summary>As SIGSTOP, and later SIGCONT. Frozen for long, it is declared dead.</summary>
    public void Freeze(MallSilo silo, TimeSpan time)
    {
        if (silo.Process is { IsFrozen: true } or { IsAlive: false }) return;
        Faults.Note("silo frozen");
        silo.Process.Trace($"is frozen for {time.TotalSeconds:0.0} s");
        silo.Process.Freeze();
        World.Schedule(time, silo.Process.Continue);
        var patience = Draw(12, 22);
        if (patience < time) World.Schedule(patience, () => Membership.Set(silo, SiloState.Dead));
    }

    public void Stop(MallSilo silo)
    {
        if (!silo.IsUp || silo.IsLeaving) return;
        Faults.Note("silo stopped in order");
        silo.Process.Start(silo.StopAsync);
    }

    public void Leave(string name)
    {
        _wanted.Remove(name);
        Stop(_silos[name]);
    }

    public void NoteEnded(string name)
    {
        Counts.Note("silos ended");
        World.Schedule(Draw(1, 15), () =>
        {
            if (_wanted.Contains(name)) Start(name);
        });
    }

    public void Dispose()
    {
        foreach (var silo in Silos) silo.End("the run is over");
        Database.Dispose();
    }

    private TimeSpan Draw(double from, double to) => TimeSpan.FromSeconds(from + ((to - from) * _random.NextDouble()));
}
