namespace Mall.Ledger;

/// <summary>The database's clock, as near as this process knows it: what it was when it was last asked, plus what has passed
/// since. Times that several processes compare are told by it, so that clocks of machines need not agree (docs/decisions/0013).
/// Timers are the process's own; and the clock, where the database lives in this process or has not been asked.</summary>
public sealed class LedgerClock(TimeProvider time) : TimeProvider
{
    // An answer that took longer says too little: half of it is the error.
    private static readonly TimeSpan s_longestQuestion = TimeSpan.FromSeconds(1);

    private volatile Answer? _answer;

    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() =>
        _answer is { } known ? known.Time + time.GetElapsedTime(known.Timestamp) : time.GetUtcNow();

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);

    /// <summary>Asks the database. When that does not answer, what was known goes on; false: it has never answered.</summary>
    internal async Task<bool> SetAsync(IStore store, CancellationToken cancellationToken = default)
    {
        var asked = time.GetTimestamp();
        try
        {
            if (await store.NowAsync(cancellationToken) is not { } now) return true;
            var (answered, took) = (time.GetTimestamp(), time.GetElapsedTime(asked));
            if (_answer is null || took < s_longestQuestion) _answer = new Answer(now + (took / 2), answered);
        }
        catch (LedgerUnavailableException) { } // Asked again with the next look for due work.
        return _answer is not null;
    }

    private sealed record Answer(DateTimeOffset Time, long Timestamp);
}
