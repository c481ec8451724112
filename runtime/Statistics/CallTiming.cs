namespace Mall.Runtime;

/// <summary>
/// Counts of one grain class. Every call is counted by its activation, without synchronization; one in <see cref="SampleMask"/> +
/// 1 of an activation's calls is timed as well, so that the figures cost the others nothing.
/// </summary>
internal sealed class CallTiming
{
    /// <summary>A call is timed when its number has none of these bits.</summary>
    public const long SampleMask = 63;

    private long _retiredCalls;
    private long _queueTicks;
    private long _queueSamples;
    private long _totalTicks;
    private long _totalSamples;
    private long _activated;
    private long _ended;

    /// <summary>Calls of activations that have ended.</summary>
    public long RetiredCalls => Volatile.Read(ref _retiredCalls);

    /// <summary>Activations ever made.</summary>
    public long Activated => Volatile.Read(ref _activated);

    /// <summary>Activations that are alive.</summary>
    public long Alive => Volatile.Read(ref _activated) - Volatile.Read(ref _ended);

    /// <summary>Mean ticks of the time provider from sending to start.</summary>
    public double MeanQueueTicks => Mean(ref _queueTicks, ref _queueSamples);

    /// <summary>Mean ticks of the time provider from sending to the answer.</summary>
    public double MeanTotalTicks => Mean(ref _totalTicks, ref _totalSamples);

    public void Begin() => Interlocked.Increment(ref _activated);

    public void Retire(long calls)
    {
        Interlocked.Add(ref _retiredCalls, calls);
        Interlocked.Increment(ref _ended);
    }

    public void Started(GrainRequest request)
    {
        Interlocked.Add(ref _queueTicks, request.Target.Runtime.Time.GetTimestamp() - request.SentAt);
        Interlocked.Increment(ref _queueSamples);
    }

    public void Ended(GrainRequest request)
    {
        Interlocked.Add(ref _totalTicks, request.Target.Runtime.Time.GetTimestamp() - request.SentAt);
        Interlocked.Increment(ref _totalSamples);
    }

    private static double Mean(ref long ticks, ref long samples)
    {
        var count = Volatile.Read(ref samples);
        return count == 0 ? 0 : (double)Volatile.Read(ref ticks) / count;
    }
}
