using System.Diagnostics;

namespace Mall.Simulation;

/// <summary>Many seeds one after the other, and what they came to together.</summary>
public sealed class Campaign(string profile, TimeSpan duration, int threads)
{
    private readonly Lock _gate = new();
    private readonly Tally _tally = new();
    private readonly SortedDictionary<string, (int Count, int Seed)> _kinds = new(StringComparer.Ordinal);
    private TimeSpan _simulated;
    private int _failed;

    /// <returns>How many seeds have failed otherwise than is known.</returns>
    public int Run(int firstSeed, int seeds, Action<string> print)
    {
        var watch = Stopwatch.StartNew();
        var next = firstSeed - 1;
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            for (var seed = Interlocked.Increment(ref next); seed < firstSeed + seeds; seed = Interlocked.Increment(ref next))
                Take(Simulation.Run.Once(new RunOptions(seed, profile, duration)), print);
        })).ToArray();
        foreach (var worker in workers) worker.Start();
        foreach (var worker in workers) worker.Join();
        Report(seeds, watch.Elapsed, print);
        return _failed;
    }

    private void Take(RunResult result, Action<string> print)
    {
        lock (_gate)
        {
            _simulated += result.Simulated;
            _tally.Add(result.Tally);
            foreach (var kind in result.Kinds)
                _kinds[kind] = _kinds.TryGetValue(kind, out var known) ? (known.Count + 1, known.Seed) : (1, result.Options.Seed);
            if (result.Failures is not [var failure, ..]) return;
            _failed++;
            print($"seed {result.Options.Seed} fails: {failure}");
        }
    }

    private void Report(int seeds, TimeSpan elapsed, Action<string> print)
    {
        print($"{profile}: {seeds} seeds, {_failed} failed unexpectedly; {_simulated.TotalHours:0.0} simulated hours "
            + $"in {elapsed.TotalSeconds:0} s, {_simulated / elapsed:0} times as fast as they would have taken");
        foreach (var (what, count) in _tally.Counts) print($"  {what,-50} {count,12:n0}");
        print($"  faults {_tally.Faults.Values.Sum():n0}, of them:");
        foreach (var (what, count) in _tally.Faults) print($"    {what,-48} {count,12:n0}");
        foreach (var (kind, (count, seed)) in _kinds) print($"  failed in {count} seeds, first in {seed}: {kind}");
    }
}
