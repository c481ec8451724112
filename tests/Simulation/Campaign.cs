using System.Diagnostics;

namespace Mall.Simulation;

/// <summary>Many seeds of one profile, and what they came to together.</summary>
public sealed class Campaign(string profile, TimeSpan duration, Action<string> print)
{
    private static readonly ParallelOptions s_all = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    private readonly Lock _gate = new();
    private readonly Tally _counts = new();
    private readonly Tally _faults = new();
    private TimeSpan _simulated;
    private int _failed;

    /// <returns>How many seeds have failed.</returns>
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

    /// <summary>
    /// Plants each bug in turn and looks for the first seed that finds it, in a run that finds nothing without the bug. Prints a
    /// row of docs/testing.md for each.
    /// </summary>
    /// <returns>How many bugs were not found.</returns>
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
