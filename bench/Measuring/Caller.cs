using System.Diagnostics;

namespace Mall.Bench.Measuring;

/// <summary>
/// One of the callers of a phase: it says how long to go on and keeps what became of each operation. A benchmark's loop is
/// <code>while (caller.GoesOn) { await operation; caller.Succeeded(); }</code>
/// Written out in each benchmark instead of taken as a delegate, so that nothing is allocated per operation but what the
/// operation itself allocates. In a closed loop the end of one operation is the start of the next: one look at the clock each.
/// </summary>
sealed class Caller
{
    readonly LatencyHistogram _latencies = new();
    readonly Dictionary<string, long> _errors = [];
    long _deadline;
    long _startedAt;
    long _errorCount;

    public Caller(int index) => Index = index;

    /// <summary>This caller's number, from 0.</summary>
    public int Index { get; }

    /// <summary>When the phase began, a timestamp of <see cref="Stopwatch"/>.</summary>
    public long Beginning { get; private set; }

    /// <summary>Sets the clock. Called once, before the caller's loop begins.</summary>
    /// <param name="start">A timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="duration">How long to go on from there.</param>
    public void Start(long start, TimeSpan duration)
    {
        Beginning = _startedAt = start;
        _deadline = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>Operations that succeeded. The progress display reads it from another thread; stale does no harm there.</summary>
    public long Successes => _latencies.Count;

    /// <summary>Operations that failed. Read by the progress display like <see cref="Successes"/>.</summary>
    public long Errors => Volatile.Read(ref _errorCount);

    /// <summary>What the successes took.</summary>
    public LatencyHistogram Latencies => _latencies;

    /// <summary>Failures by code. To be read when the caller has ended.</summary>
    public IReadOnlyDictionary<string, long> ErrorsByCode => _errors;

    /// <summary>False when the phase's time is over.</summary>
    public bool GoesOn => _startedAt < Volatile.Read(ref _deadline);

    /// <summary>Ends the phase early. May be called from any thread; the caller sees it at its next look.</summary>
    public void Stop() => Volatile.Write(ref _deadline, long.MinValue);

    /// <summary>Whether an operation meant to start at this moment still belongs to the phase.</summary>
    public bool Includes(long timestamp) => timestamp < Volatile.Read(ref _deadline);

    /// <summary>
    /// The operation that begins now was meant to begin at the given moment: its latency counts from there, so that a stall
    /// shows in all that had to wait for it and not in the one that met it (no coordinated omission).
    /// </summary>
    public void MeantToStartAt(long timestamp) => _startedAt = timestamp;

    /// <summary>The operation that began when the last one ended, or when it was meant to, has succeeded now.</summary>
    public void Succeeded()
    {
        var now = Stopwatch.GetTimestamp();
        _latencies.Record((long)((now - _startedAt) * NanosecondsPerTick));
        _startedAt = now;
    }

    /// <summary>The operation has failed now. It does not count in the latencies: a quick refusal is no quick success.</summary>
    public void Failed(string code)
    {
        _errors[code] = _errors.GetValueOrDefault(code) + 1;
        Volatile.Write(ref _errorCount, _errorCount + 1);
        _startedAt = Stopwatch.GetTimestamp();
    }

    static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;
}
