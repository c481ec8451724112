using System.Numerics;

namespace Mall.Bench.Measuring;

/// <summary>
/// Counts durations in log-linear buckets, in the manner of Gil Tene's HdrHistogram: every power of two is divided into 128
/// equal buckets. So a percentile is at most 1/128 (0.8 %) above the true value and never below it, whatever the magnitude,
/// and recording costs a few instructions and no allocation. Not thread safe: each caller records into its own, and they are
/// merged with <see cref="Add"/>, which loses nothing.
/// </summary>
sealed class LatencyHistogram
{
    const int SubBucketBits = 7;
    const int SubBuckets = 1 << SubBucketBits;

    /// <summary>The longest duration with a bucket of its own, about 36 minutes; longer ones count in the last bucket.</summary>
    public const long Longest = (1L << 41) - 1;

    readonly long[] _counts = new long[IndexOf(Longest) + 1];
    Int128 _sum;

    /// <summary>How many durations were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The longest duration recorded, exactly, in nanoseconds; 0 when there is none.</summary>
    public long Max { get; private set; }

    /// <summary>The mean in nanoseconds, exactly; 0 when there is none.</summary>
    public double Mean => Count == 0 ? 0 : (double)_sum / Count;

    /// <summary>Counts one duration.</summary>
    /// <param name="nanoseconds">A negative one (a clock that was set back) counts as 0.</param>
    public void Record(long nanoseconds)
    {
        var value = Math.Max(0, nanoseconds);
        _counts[IndexOf(Math.Min(value, Longest))]++;
        _sum += value;
        Count++;
        if (value > Max)
            Max = value;
    }

    /// <summary>Adds everything that the other has counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        _sum += other._sum;
        Count += other.Count;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>The duration that the given share of all does not exceed, in nanoseconds; 0 when there is none.</summary>
    /// <param name="share">From 0 to 1: 0.99 for p99.</param>
    public long Percentile(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
                return i == _counts.Length - 1 ? Max : Math.Min(HighestIn(i), Max);
        }

        return 0;
    }

    /// <summary>Below 256 a bucket a nanosecond; above, the highest eight bits name the bucket within the power of two.</summary>
    static int IndexOf(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value) - SubBucketBits);
        return (shift << SubBucketBits) + (int)(value >> shift);
    }

    static long HighestIn(int index)
    {
        var shift = Math.Max(0, (index >> SubBucketBits) - 1);
        var top = index - (shift << SubBucketBits);
        return ((long)(top + 1) << shift) - 1;
    }
}
