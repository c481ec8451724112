namespace Mall.Simulation;

/// <summary>Does to a cluster what the plan says, by chance, each kind from a source of its own.</summary>
internal sealed class Adversary
{
    private static readonly TimeSpan s_untilSomebodyGoes = TimeSpan.FromSeconds(14);

    private readonly Cluster _cluster;
    private readonly Market _market;
    private int _more;
    private bool _isOver;

    public Adversary(Cluster cluster, Market market, FaultPlan plan)
    {
        (_cluster, _market) = (cluster, market);
        (cluster.Network.Options, cluster.Membership.Options) = (plan.Network, plan.Membership);
        cluster.Database.Options = plan.Database;
        Often("kills", plan.Kills, random => Any(random)?.Invoke(cluster.Kill));
        Often("freezes", plan.Freezes, random => Any(random)?.Invoke(
            silo => cluster.Freeze(silo, plan.LongestFreeze * Math.Pow(random.NextDouble(), 2))));
        Often("stops", plan.Stops, random => Any(random)?.Invoke(cluster.Stop));
        Often("changes", plan.Changes, Change);
        Often("clogs", plan.Clogs, Clog);
        Often("swizzles", plan.Swizzles, Swizzle);
        Often("splits", plan.Splits, Split);
        Often("restarts", plan.Restarts, random => cluster.Database.Restart(Seconds(15 * Math.Pow(random.NextDouble(), 2))));
        Often("locks", plan.Locks, LockProduct);
    }

    private World World => _cluster.World;

    /// <summary>Leaves it alone from now on, and mends what it has broken.</summary>
    public void Stop()
    {
        _isOver = true;
        _cluster.Network.OpenAll();
        _cluster.Network.Options = new();
        _cluster.Database.Options = _cluster.Database.Options.Sound();
        World.Trace("the adversary is gone");
    }

    private void Often(string kind, double seconds, Action<Random> strike)
    {
        if (seconds == 0) return;
        var random = World.Random($"adversary's {kind}");
        Wait();

        void Wait() => World.Schedule(Seconds(2 * seconds * random.NextDouble()), () =>
        {
            if (_isOver) return;
            strike(random);
            Wait();
        });
    }

    /// <summary>A way to do something to any silo that lives.</summary>
    private Action<Action<MallSilo>>? Any(Random random)
    {
        var silos = _cluster.Silos;
        if (silos.Count == 0) return null;
        var silo = silos[random.Next(silos.Count)];
        return strike => strike(silo);
    }

    private void Change(Random random)
    {
        if (_more < 2 && random.Next(2) == 0) _cluster.Start($"silo-{_cluster.Options.Silos + ++_more}");
        else if (_more > 0) _cluster.Leave($"silo-{_cluster.Options.Silos + _more--}");
    }

    private void Clog(Random random)
    {
        var (from, to) = (AnyName(random), AnyName(random));
        if (from == to) return;
        var isBoth = random.Next(2) == 0;
        Cut(from, to, isBoth);
        World.Schedule(Seconds(25 * Math.Pow(random.NextDouble(), 2)), () => Mend(from, to, isBoth, random.Next(3) == 0));
    }

    private void Swizzle(Random random)
    {
        var names = Names();
        var links = names.SelectMany(from => names.Where(to => to != from).Select(to => (from, to))).ToArray();
        random.Shuffle(links);
        var after = TimeSpan.Zero;
        foreach (var (from, to) in links)
            World.Schedule(after += Seconds(random.NextDouble() / 2), () => Cut(from, to, isBoth: false));
        random.Shuffle(links);
        foreach (var (from, to) in links)
            World.Schedule(after += Seconds(random.NextDouble() / 2), () => Mend(from, to, isBoth: false, isBroken: false));
    }

    private void Split(Random random)
    {
        var silos = _cluster.Silos.Select(silo => silo.Process.Name).ToArray();
        random.Shuffle(silos);
        var first = random.Next(1, silos.Length + 1);
        var pairs = silos[..first].SelectMany(one => silos[first..].Select(other => (one, other))).ToArray();
        World.Trace($"split: {string.Join(' ', silos[..first])} from {string.Join(' ', silos[first..])}");
        foreach (var (one, other) in pairs) Cut(one, other, isBoth: true);
        World.Schedule(Seconds(2 + (40 * random.NextDouble())), () =>
        {
            foreach (var (one, other) in pairs) Mend(one, other, isBoth: true, isBroken: random.Next(2) == 0);
        });
    }

    private void Cut(string one, string other, bool isBoth)
    {
        if (_isOver) return;
        _cluster.Network.Clog(one, other);
        if (isBoth) _cluster.Network.Clog(other, one);
        var pair = _cluster.Silos.Where(silo => silo.Process.Name == one || silo.Process.Name == other).ToArray();
        if (pair.Length < 2) return;

        // Of two silos that do not hear each other one ends itself, and both know which: the younger.
        World.Schedule(s_untilSomebodyGoes, () =>
        {
            if (_cluster.Network.IsClogged(one, other) && pair.All(silo => silo.Process is { IsAlive: true, IsFrozen: false }))
                _cluster.Kill(pair.MaxBy(silo => silo.Number)!);
        });
    }

    private void Mend(string one, string other, bool isBoth, bool isBroken)
    {
        _cluster.Network.Open(one, other, isBroken);
        if (isBoth) _cluster.Network.Open(other, one, isBroken);
    }

    private void LockProduct(Random random)
    {
        if (_market.Products.Count == 0) return;
        var product = _market.Products[random.Next(_market.Products.Count)];
        _cluster.Database.LockRow("products", $"{product}", Seconds(20 * Math.Pow(random.NextDouble(), 2)));
    }

    private string[] Names() =>
        [.. _cluster.Silos.Select(silo => silo.Process.Name), .. _cluster.Doors.Select(door => door.Process.Name)];

    private string AnyName(Random random)
    {
        var names = Names();
        return names[random.Next(names.Length)];
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
