using System.Text.RegularExpressions;

namespace Mall.Simulation;

/// <summary>What is run: a seed decides everything else.</summary>
/// <param name="Plan">Null: as the profile has it for this seed.</param>
/// <param name="Planted">A bug that the run is to find.</param>
/// <param name="Listener">Hears the whole story.</param>
public sealed record RunOptions(
    int Seed, string Profile, TimeSpan Duration, FaultPlan? Plan = null, Mutation? Planted = null,
    Action<string>? Listener = null);

/// <summary>What came of it.</summary>
/// <param name="Failures">Each in a sentence; none when all promises were kept.</param>
public sealed record RunResult(
    RunOptions Options, FaultPlan Plan, ulong Hash, IReadOnlyList<string> Failures, IReadOnlyList<string> Story, Tally Counts,
    Tally Faults, TimeSpan Simulated)
{
    /// <summary>Failures without their figures, to tell kinds apart.</summary>
    public IEnumerable<string> Kinds => Failures
        .Select(failure => Regex.Replace(failure, @"\b(order|user)-[\w-]+|[0-9A-F]*\d[\w:.]*", "N"))
        .Select(words => words[..Math.Min(130, words.Length)]).Distinct().Order(StringComparer.Ordinal);
}

/// <summary>One simulated mall from its first start to its last oracle.</summary>
public static class Run
{
    private const int CommitsAnOracle = 400;
    private static readonly TimeSpan s_closing = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan s_settling = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private static readonly Query<long> s_open = new(
        """
        select (select count(*) from sagas where status not in ('succeed', 'failed') and next_time is not null)
          + (select count(*) from orders where status = 0)
        """,
        row => row.GetInt64(0));

    private static readonly Query<(string What, long Count)> s_counts = new(
        """
        select 'requests', count(*) from asked
        union all
        select 'orders placed', count(distinct gid) from asked where kind = 'order' and until is not null and code is null
        union all select case status when 'failed' then 'sagas compensated' else 'sagas ' || status end, count(distinct gid)
          from seen_sagas group by status
        union all
        select 'orders ' || case status when 0 then 'open' when 1 then 'paid' when 2 then 'closed' when 3 then 'refunded'
          else 'void' end, count(*) from orders group by status
        union all select 'orders paid too late', count(*) from payments join orders o on o.id = order_id
          where o.status = 2 and payments.status = 3
        """,
        row => (row.GetString(0), row.GetInt64(1)));

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
        Count(cluster);
        return new(options, plan, world.TraceHash, told, [.. world.Story], cluster.Counts, cluster.Faults, world.Now);
    }

    /// <summary>Once nothing disturbs it, everything is to come to rest, and to be right.</summary>
    private static IEnumerable<string> Settle(Cluster cluster, Market market, FaultPlan plan)
    {
        var world = cluster.World;
        if (!world.Run(() => market.IsOver, s_closing)) yield return "A client waits for ever.";
        else market.ThrowIfFailed();

        // Looked at once a second, not at each event; the last second is for what the end of a saga leaves to do.
        for (var end = world.Now + s_settling; world.Now < end && cluster.Database.Read(s_open)[0] > 0;) world.Pass(s_second);
        world.Pass(s_second);
        foreach (var finding in Oracle.After(cluster.Database, plan.IsCalm)) yield return $"{finding}";
        foreach (var failure in market.Unforeseen) yield return $"The front door answers 500: {failure}";
    }

    private static void Count(Cluster cluster)
    {
        foreach (var (what, count) in cluster.Database.Read(s_counts)) cluster.Counts.Note(what, count);
        cluster.Counts.Note("commits", cluster.Database.Commits);
        cluster.Counts.Note("events", cluster.World.Events);
    }
}
