using System.Diagnostics;

namespace Mall.Simulation;

/// <summary>Many seeds of one profile, and what they came to together.</summary>
public sealed class Campaign(string profile, TimeSpan duration, Action<string> print)
{
    private static readonly ParallelOptions s_all = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    private readonly Lock _gate = new();
    private readonly Tally _counts = new(), _faults = new();
    private TimeSpan _simulated;
    private int _failed;

    public int Run(int firstSeed, int seeds)
    {
        var watch = Stopwatch.StartNew();
        Parallel.For(firstSeed, firstSeed + seeds, s_all, seed => Take(Once(seed)));
        print($"{profile}: {seeds} seeds from {firstSeed}, {_failed} failed; {_simulated.TotalHours:0.0} simulated hours in "
            + $"{watch.Elapsed.TotalSeconds:0} s, {_simulated / watch.Elapsed:0} times as fast as they would have taken");
        foreach (var (what, count) in _counts) print($"  {what,-50} {count,12:n0}");
        print($"  faults {_faults.Values.Sum():n0}, of them:");
        foreach (var (what, count) in _faults) print($"    {what,-48} {count,12:n0}");
        return _failed;
    }

    /// <summary>Looks for the first seed that finds each bug, and nothing without it: a row of docs/testing.md.</summary>
    public int Plant(IEnumerable<Mutation> mutations, int seeds)
    {
        var missed = 0;
        Parallel.ForEach(mutations, s_all, planted =>
        {
            var found = Enumerable.Range(1, seeds).Select(seed => Once(seed, planted))
                .FirstOrDefault(run => run.Failures.Count > 0 && Once(run.Options.Seed).Failures.Count == 0);
            if (found is null) Interlocked.Increment(ref missed);
            print($"| {planted} | {found?.Options.Seed} | {found?.Failures[0]} |");
        });
        return missed;
    }

    private RunResult Once(int seed, Mutation? planted = null) =>
        Simulation.Run.Once(new RunOptions(seed, profile, duration, Planted: planted));

    private void Take(RunResult result)
    {
        lock (_gate)
        {
            _simulated += result.Simulated;
            _counts.Add(result.Counts);
            _faults.Add(result.Faults);
            if (result.Failures is not [var failure, ..]) return;
            _failed++;
            print($"seed {result.Options.Seed} fails: {failure}");
        }
    }
}

/// <summary>Tries to fail in the same way with fewer kinds of faults and in a shorter time.</summary>
public static class Shrinker
{
    private static readonly IEnumerable<(string Name, Func<FaultPlan, FaultPlan> Without)> s_steps =
    [
        .. typeof(FaultPlan).GetProperties().Where(rate => rate.PropertyType == typeof(double)).Select(rate => (
            rate.Name, new Func<FaultPlan, FaultPlan>(plan =>
            {
                var less = plan with { };
                rate.SetValue(less, 0.0);
                return less;
            }))),
        ("a sick database", plan => plan with { Database = plan.Database.Sound() }),
        ("operators", plan => plan with { Workload = plan.Workload with { Operators = 0 } }),
        ("odd requests", plan => plan with { Workload = plan.Workload with { RepeatsOld = 0, ReusesKey = 0, Twice = 0 } }),
        ("most shoppers", plan => plan with { Workload = plan.Workload with { Shoppers = 4 } }),
    ];

    public static RunResult Shrink(RunOptions options, Action<string> print)
    {
        var best = Run.Once(options);
        if (best.Kinds.FirstOrDefault() is not { } kind) return best;
        print($"seed {options.Seed} fails: {kind}");
        foreach (var (name, without) in s_steps)
            if (without(best.Plan) is var less && less != best.Plan) Try(best.Options with { Plan = less }, $"without {name}");
        while (best.Options.Duration > TimeSpan.FromMinutes(1)
            && Try(best.Options with { Duration = best.Options.Duration * 0.75, Plan = best.Plan }, "shorter")) { }
        return best;

        bool Try(RunOptions less, string what)
        {
            var result = Run.Once(less);
            var isSame = result.Kinds.Contains(kind);
            print($"  {what}: {(isSame ? "the same" : "not the same")}");
            if (isSame) best = result;
            return isSame;
        }
    }
}
