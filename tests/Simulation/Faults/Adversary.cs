namespace Mall.Simulation;

/// <summary>Does to a cluster what the plan says, by chance, each kind from a source of its own.</summary>
internal sealed class Adversary
{
    private static readonly TimeSpan s_untilSomebodyGoes = TimeSpan.FromSeconds(14);

    private readonly Cluster _cluster;
    private readonly Market _market;
    private int _more; // silos than at the beginning
    private bool _isOver;

    public Adversary(Cluster cluster, Market market, FaultPlan plan)
    {
        (_cluster, _market) = (cluster, market);
        Often("kills", plan.Kills, random => _cluster.Kill(Any(random, _cluster.Silos)));
        Often("freezes", plan.Freezes, random => _cluster.Freeze(Any(random, _cluster.Silos), Seldom(45, random)));
        Often("stops", plan.Stops, random => _cluster.Stop(Any(random, _cluster.Silos)));
        Often("changes", plan.Changes, Change);
        Often("clogs", plan.Clogs, Clog);
        Often("swizzles", plan.Swizzles, Swizzle);
        Often("splits", plan.Splits, Split);
        Often("restarts", plan.Restarts, random => cluster.Database.Restart(Seldom(15, random)));
        Often("locks", plan.Locks, LockProduct);
    }

    private World World => _cluster.World;
    private string[] Names => [.. _cluster.Silos.Concat<GrainCaller>(_cluster.Doors).Select(caller => caller.Process.Name)];

    public void Stop()
    {
        _isOver = true;
        _cluster.Network.Mend();
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
            if (_cluster.Silos.Count > 0) strike(random);
            Wait();
        });
    }

    private void Change(Random random)
    {
        if (_more < 2 && random.Next(2) == 0) _cluster.Start($"silo-{Cluster.Size + ++_more}");
        else if (_more > 0) _cluster.Leave($"silo-{Cluster.Size + _more--}");
    }

    private void Clog(Random random)
    {
        var (from, to) = (Any(random, Names), Any(random, Names));
        var isBroken = random.Next(3) == 0;
        if (from != to) Cut(random.Next(2) == 0 ? [(from, to), (to, from)] : [(from, to)], Seldom(25, random), isBroken);
    }

    private void Swizzle(Random random)
    {
        (string, string)[] links = [.. from one in Names from other in Names where one != other select (one, other)];
        var after = TimeSpan.Zero;
        foreach (var act in (Action<(string, string)>[])[Cut, link => _cluster.Network.Open(link, isBroken: false)])
        {
            random.Shuffle(links);
            foreach (var link in links) World.Schedule(after += Seconds(random.NextDouble() / 2), () => act(link));
        }
    }

    private void Split(Random random)
    {
        var silos = _cluster.Silos.Select(silo => silo.Process.Name).ToArray();
        random.Shuffle(silos);
        var (some, rest) = (silos[..random.Next(1, silos.Length + 1)], silos);
        World.Trace($"split: {string.Join(' ', some)} from the others");
        (string, string)[] links = [.. from one in some from other in rest.Except(some) select (one, other)];
        var time = Seconds(2 + (40 * random.NextDouble()));
        Cut([.. links, .. links.Select(link => (link.Item2, link.Item1))], time, isBroken: random.Next(2) == 0);
    }

    private void Cut((string, string)[] links, TimeSpan time, bool isBroken)
    {
        Array.ForEach(links, Cut);
        World.Schedule(time, () => Array.ForEach(links, link => _cluster.Network.Open(link, isBroken)));
    }

    private void Cut((string One, string Other) link)
    {
        if (_isOver) return;
        _cluster.Network.Clog(link);
        var pair = _cluster.Silos.Where(silo => silo.Process.Name == link.One || silo.Process.Name == link.Other).ToArray();

        // Of two silos that do not hear each other one ends itself, and both know which: the younger.
        World.Schedule(s_untilSomebodyGoes, () =>
        {
            var isTime = pair.Length == 2 && pair.All(silo => silo.Process is { IsAlive: true, IsFrozen: false });
            if (isTime && _cluster.Network.IsClogged(link)) _cluster.Kill(pair.MaxBy(silo => silo.Number)!);
        });
    }

    private void LockProduct(Random random)
    {
        if (_market.Products.Count > 0)
            _cluster.Database.LockRow("products", $"{Any(random, _market.Products)}", Seldom(20, random));
    }

    private static T Any<T>(Random random, IReadOnlyList<T> all) => all[random.Next(all.Count)];
    private static TimeSpan Seldom(double most, Random random) => Seconds(most * Math.Pow(random.NextDouble(), 2));
    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
