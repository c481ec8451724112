using System.Text.RegularExpressions;
using Mall.Ledger;

namespace Mall.Simulation;

/// <summary>What is run: a seed decides everything else.</summary>
/// <param name="Plan">Null: as the profile has it for this seed.</param>
public sealed record RunOptions(
    int Seed, string Profile, TimeSpan Duration, FaultPlan? Plan = null, Action<string>? Listener = null)
{
    /// <summary>A bug that the run is to find.</summary>
    public Mutation? Planted { get; init; }
}

/// <summary>What came of it.</summary>
/// <param name="Failures">Each in a sentence; none when all promises were kept.</param>
public sealed record RunResult(
    RunOptions Options, FaultPlan Plan, ulong Hash, IReadOnlyList<string> Failures, IReadOnlyList<string> Story, Tally Tally,
    TimeSpan Simulated)
{
    /// <summary>Failures without their figures, to tell kinds apart.</summary>
    public IEnumerable<string> Kinds => Failures.Select(KindOf).Distinct().Order(StringComparer.Ordinal);

    private static string KindOf(string failure)
    {
        var words = Regex.Replace(failure, @"\b(order|user)-[\w-]+|[0-9A-F]*\d[\w:.]*", "N");
        return words.Length > 130 ? words[..130] : words;
    }
}

/// <summary>One simulated mall from its first start to its last oracle.</summary>
public static partial class Run
{
    private const int CommitsAnOracle = 400;
    private static readonly TimeSpan s_closing = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan s_settling = TimeSpan.FromMinutes(30);

    private static readonly Query<long> s_open = new(
        "select count(*) from sagas where status not in ('succeed', 'failed') and next_time is not null", row => row.GetInt64(0));

    private static readonly Query<(string Status, long Count)> s_sagas = new(
        "select status, count(*) from seen_sagas group by status", row => (row.GetString(0), row.GetInt64(1)));

    public static RunResult Once(RunOptions options)
    {
        var world = new World(options.Seed) { Listener = options.Listener };
        var plan = options.Plan ?? Profiles.Of(options.Profile, world.Random("profile"));
        using var cluster = new Cluster(world, new ClusterOptions { LongestClockOff = plan.LongestClockOff });
        cluster.Database.Planted = options.Planted;
        var market = new Market(cluster, plan.Workload);
        var adversary = new Adversary(cluster, market, plan);
        var failures = new List<string>();
        cluster.Database.Committed = () =>
        {
            if (cluster.Database.Commits % CommitsAnOracle == 0 && failures.Count == 0)
                failures.AddRange(Oracle.During(cluster.Database).Select(finding => finding.ToString()));
        };

        world.Run(() => failures.Count > 0, options.Duration);
        adversary.Stop();
        market.IsOpen = false;
        if (failures.Count == 0) failures.AddRange(Settle(world, cluster, market));
        Count(cluster, market);
        return new RunResult(
            options, plan, world.TraceHash, [.. failures.Distinct()], [.. world.Story], cluster.Tally, world.Now);
    }

    /// <summary>Once nothing disturbs it, everything is to come to rest, and to be right.</summary>
    private static IEnumerable<string> Settle(World world, Cluster cluster, Market market)
    {
        if (!world.Run(() => market.IsOver, s_closing)) yield return "A client waits for ever.";
        else market.ThrowIfFailed();

        // Looked at once a second, not at each event; the last second is for what the end of a saga leaves to do.
        for (var i = 0; i < s_settling.TotalSeconds && cluster.Database.Read(s_open)[0] > 0; i++)
            world.Run(() => false, TimeSpan.FromSeconds(1));
        world.Run(() => false, TimeSpan.FromSeconds(1));
        var findings = Oracle.After(cluster.Database, market.Journal, cluster.Reservations);
        foreach (var finding in findings) yield return finding.ToString();
        foreach (var failure in market.Unforeseen) yield return $"The front door answers 500: {failure}";
    }

    private static void Count(Cluster cluster, Market market)
    {
        var tally = cluster.Tally;
        foreach (var (kind, count) in cluster.Database.Faults)
            tally.Faults[$"database: {kind}"] = count;
        tally.Count("requests", market.Journal.Entries.Count);
        tally.Count("orders placed", market.Journal.Entries.Where(e => e is { What: OrderAsked, Answer.Code: null })
            .Select(e => e.What.Key).Distinct().Count());
        foreach (var (status, count) in cluster.Database.Read(s_sagas))
            tally.Count(status == "failed" ? "sagas compensated" : $"sagas {status}", count);
        tally.Count("commits", cluster.Database.Commits);
        tally.Count("events", cluster.World.Events);
    }
}
