using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// The grains with the most calls between the last two sweeps. Exact, since every activation counts its own calls; the work is
/// the sweeper's, not the calls'.
/// </summary>
internal sealed class HottestGrains
{
    /// <summary>How many are kept.</summary>
    public const int Count = 20;

    private readonly PriorityQueue<HotGrain, long> _best = new(Count + 1);
    private ImmutableArray<HotGrain> _published = [];
    private long _lastEnd;
    private long _begin;

    /// <summary>The hottest first.</summary>
    public ImmutableArray<HotGrain> Published => _published;

    public void Begin(long timestamp) => _begin = timestamp;

    public void Consider(Activation activation)
    {
        var calls = activation.TakeRecentCalls();
        if (calls == 0 || (_best.Count == Count && _best.TryPeek(out _, out var least) && calls <= least)) return;
        _best.Enqueue(new HotGrain(activation.GrainId, calls, activation.QueueLength), calls);
        if (_best.Count > Count) _best.Dequeue();
    }

    public void End(TimeProvider time)
    {
        var seconds = _lastEnd == 0 ? 0 : time.GetElapsedTime(_lastEnd, _begin).TotalSeconds;
        var hottestLast = new HotGrain[_best.Count];
        for (var i = hottestLast.Length - 1; i >= 0; i--)
        {
            var grain = _best.Dequeue();
            hottestLast[i] = seconds > 0 ? grain with { CallsPerSecond = grain.CallsPerSecond / seconds } : grain;
        }

        _lastEnd = _begin;
        ImmutableInterlocked.InterlockedExchange(ref _published, ImmutableArray.Create(hottestLast));
    }
}
