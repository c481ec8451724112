namespace Mall.Ledger;

/// <summary>Waits between attempts: doubling, capped, drawn from the upper half so that not all return together.</summary>
/// <param name="random">Shared; locked for each draw.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan cap, Random random)
{
    /// <param name="failures">By now; at least 1.</param>
    public TimeSpan After(int failures)
    {
        var limit = Math.Min(cap.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        double draw;
        lock (random) draw = random.NextDouble();
        return TimeSpan.FromMilliseconds(limit * (0.5 + (draw / 2)));
    }
}
