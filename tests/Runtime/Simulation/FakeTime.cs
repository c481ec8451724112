namespace Mall.Runtime.Tests.Simulation;

/// <summary>
/// Time that stands still until a test moves it. Timers fire inside <see cref="Advance"/>, in the order in which they are due.
/// </summary>
public sealed class FakeTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<FakeTimer> _timers = [];
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _nextNumber;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock) return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            var timer = new FakeTimer(this, callback, state, _nextNumber++);
            timer.Change(dueTime, period);
            return timer;
        }
    }

    /// <summary>How many timers wait to fire.</summary>
    public int TimersArmed
    {
        get
        {
            lock (_lock) return _timers.Count;
        }
    }

    /// <summary>Moves time on, firing what becomes due on the way.</summary>
    public void Advance(TimeSpan span)
    {
        var end = GetUtcNow() + span;
        while (TakeDue(end) is { } timer) timer.Fire();
        lock (_lock) _now = end;
    }

    /// <summary>Moves time on to the next timer and fires it; false when there is none until then.</summary>
    public bool AdvanceToNextTimer(DateTimeOffset end)
    {
        if (TakeDue(end) is not { } timer) return false;
        timer.Fire();
        return true;
    }

    private FakeTimer? TakeDue(DateTimeOffset end)
    {
        lock (_lock)
        {
            var next = _timers.Where(t => t.Due <= end).OrderBy(t => t.Due).ThenBy(t => t.Number).FirstOrDefault();
            if (next is null) return null;
            if (next.Due > _now) _now = next.Due;
            next.Rearm();
            return next;
        }
    }

    private sealed class FakeTimer(FakeTime time, TimerCallback callback, object? state, long number) : ITimer
    {
        private TimeSpan _period;

        public long Number => number;

        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
                Due = time._now + dueTime;
                time._timers.Add(this);
                return true;
            }
        }

        public void Rearm()
        {
            time._timers.Remove(this);
            if (_period <= TimeSpan.Zero) return;
            Due += _period;
            time._timers.Add(this);
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time._lock) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
