namespace Mall.Bench.Measuring;

/// <summary>
/// One of the callers of a turn: it says how long to go on and keeps what became of each operation. A loop is
/// <code>while (caller.GoesOn) caller.Ended(await operation);</code>
/// In a closed loop the end of one operation is the start of the next: one look at the clock each.
/// </summary>
sealed class Caller(int index)
{
    /// <summary>In nanoseconds, about 36 minutes; longer ones count as this.</summary>
    const long LongestLatency = 1L << 41;

    long _deadline;
    long _startedAt;

    /// <summary>This caller's number, from 0.</summary>
    public int Index => index;

    /// <summary>When the turn began, a timestamp of <see cref="Stopwatch"/>.</summary>
    public long Beginning { get; private set; }

    /// <summary>What the successes took, in nanoseconds: percentiles at most 1/128 too high and never too low.</summary>
    public LongHistogram Latencies { get; } = new(LongestLatency, numberOfSignificantValueDigits: 2);

    /// <summary>Failures by code.</summary>
    public Dictionary<string, long> Errors { get; } = [];

    /// <summary>False when the turn's time is over.</summary>
    public bool GoesOn => Includes(_startedAt);

    /// <summary>Sets the clock. Called once, before the caller's loop begins.</summary>
    public void Start(long start, TimeSpan duration)
    {
        Beginning = _startedAt = start;
        _deadline = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>Ends the turn early. May be called from any thread; the caller sees it at its next look.</summary>
    public void Stop() => Volatile.Write(ref _deadline, long.MinValue);

    /// <summary>Whether an operation meant to start at this moment still belongs to the turn.</summary>
    public bool Includes(long timestamp) => timestamp < Volatile.Read(ref _deadline);

    /// <summary>
    /// The operation that begins now was meant to begin at the given moment: its latency counts from there, so that a stall
    /// shows in all that had to wait for it and not in the one that met it (no coordinated omission).
    /// </summary>
    public void MeantToStartAt(long timestamp) => _startedAt = timestamp;

    /// <summary>The operation that began when the last one ended, or when it was meant to, has ended now.</summary>
    /// <param name="error">
    /// Null when it has succeeded. A failure does not count in the latencies: a quick refusal is no quick success.
    /// </param>
    public void Ended(string? error)
    {
        var now = Stopwatch.GetTimestamp();

        // A timer may fire a moment early, and an answer come before its order was meant to start.
        var latency = Math.Clamp((long)Stopwatch.GetElapsedTime(_startedAt, now).TotalNanoseconds, 1, LongestLatency);
        if (error is null)
            Latencies.RecordValue(latency);
        else
            Errors[error] = Errors.GetValueOrDefault(error) + 1;
        _startedAt = now;
    }
}
