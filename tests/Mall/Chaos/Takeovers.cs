using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Mall.Tests.Installations;

namespace Mall.Tests.Chaos;

/// <summary>
/// How long the grains of a silo that is no more are away: from its end until every product could be written to again, wherever
/// it lives.
/// </summary>
public sealed class Takeovers(Seller seller, IReadOnlyList<long> products)
{
    private readonly ConcurrentQueue<(Deed Deed, bool IsAlone, TimeSpan Took)> _measured = [];
    private int _troubles;
    private int _begun;

    /// <summary>Ends a silo by way of a deed, and measures.</summary>
    public async Task MeasureAsync(Deed deed, Func<Task> act, CancellationToken stop)
    {
        var isAlone = Volatile.Read(ref _troubles) == 0;
        var begun = Interlocked.Increment(ref _begun);
        var since = Stopwatch.GetTimestamp();
        await act();
        await Task.WhenAll(products.Select(product => seller.BringInAsync(product, 1, stop)));
        _measured.Enqueue((deed, isAlone && begun == Volatile.Read(ref _begun), Stopwatch.GetElapsedTime(since)));
    }

    /// <summary>From here until it is disposed of, some silo is away.</summary>
    public IDisposable Trouble()
    {
        Interlocked.Increment(ref _troubles);
        return new Relief(this);
    }

    /// <summary>Number, median and all, for each deed alone and amid others.</summary>
    public IEnumerable<string> Summary() => _measured
        .GroupBy(m => (m.Deed, m.IsAlone))
        .OrderBy(g => g.Key)
        .Select(g =>
        {
            var times = g.Select(m => m.Took.TotalSeconds).Order().ToList();
            var what = $"takeover after {g.Key.Deed}{(g.Key.IsAlone ? "" : " amid other trouble")}";
            var all = string.Join(' ', times.Select(t => t.ToString("0.00", CultureInfo.InvariantCulture)));
            return FormattableString.Invariant(
                $"{what}: {times.Count} measured, median {times[times.Count / 2]:0.00} s, all {all} s");
        });

    private sealed class Relief(Takeovers takeovers) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref takeovers._troubles);
    }
}
