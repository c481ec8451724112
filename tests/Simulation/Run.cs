namespace Mall.Simulation;

/// <summary>What is run: a seed decides everything else, also the plan where none is given.</summary>
public sealed record RunOptions(
    int Seed, string Profile, TimeSpan Duration, FaultPlan? Plan = null, Mutation? Planted = null,
    Action<string>? Listener = null);

public sealed record RunResult(
    RunOptions Options, FaultPlan Plan, ulong Hash, IReadOnlyList<string> Failures, IReadOnlyList<string> Story, Tally Counts,
    Tally Faults, TimeSpan Simulated)
{
    public IEnumerable<string> Kinds => Failures.Select(failure => failure.Split(':')[0]).Distinct();
}

/// <summary>One simulated mall from its first start to its last oracle.</summary>
public static class Run
{
    private const int CommitsAnOracle = 400;
    private const int Latecomers = 6;
    private static readonly TimeSpan s_closing = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan s_settling = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_serving = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    public static RunResult Once(RunOptions options)
    {
        var world = new World(options.Seed) { Listener = options.Listener };
        var plan = options.Plan ?? FaultPlan.Of(options.Profile, world.Random("profile"));
        using var cluster = new Cluster(world, plan, options.Planted);
        var market = new Market(cluster, plan.Workload);
        var adversary = new Adversary(cluster, market, plan);
        var failures = new List<Finding>();
        cluster.Database.Committed = () =>
        {
            if (cluster.Database.Commits % CommitsAnOracle == 0) failures.AddRange(Oracle.During(cluster.Database));
        };

        world.Run(() => failures.Count > 0, options.Duration);
        adversary.Stop();
        market.IsOpen = false;
        string[] told = failures.Count > 0 ? [$"{failures[0]}"] : [.. Settle(cluster, market, plan).Distinct()];
        foreach (var (what, count) in Oracle.Counts(cluster.Database)) cluster.Counts.Note(what, count);
        cluster.Counts.Note("commits", cluster.Database.Commits);
        cluster.Counts.Note("events", world.Events);
        return new(options, plan, world.TraceHash, told, [.. world.Story], cluster.Counts, cluster.Faults, world.Now);
    }

    /// <summary>Looked at once a second, not at each event; the last second is for what the end of a saga leaves to do.</summary>
    private static void Rest(Cluster cluster)
    {
        var world = cluster.World;
        for (var end = world.Now + s_settling; world.Now < end && !Oracle.IsAtRest(cluster.Database);) world.Pass(s_second);
        world.Pass(s_second);
    }

    /// <summary>Once nothing disturbs it, everything is to come to rest, and to be right.</summary>
    private static IEnumerable<string> Settle(Cluster cluster, Market market, FaultPlan plan)
    {
        var world = cluster.World;
        if (!world.Run(() => market.IsOver, s_closing)) yield return "A client waits for ever.";
        else market.ThrowIfFailed();

        Rest(cluster);
        Latecomer[] late = [.. Enumerable.Range(1, Latecomers).Select(number => new Latecomer(market, number))];
        foreach (var client in late) market.Begin(client.LiveAsync);
        world.Run(() => market.IsOver, s_serving);
        if (!Array.TrueForAll(late, client => client.IsServed)) yield return "Whoever comes when all is quiet is not served.";
        Rest(cluster);
        foreach (var finding in Oracle.After(cluster.Database, plan.IsCalm)) yield return $"{finding}";
        foreach (var failure in market.Unforeseen) yield return $"The front door answers 500: {failure}";
    }
}
