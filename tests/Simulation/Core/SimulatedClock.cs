namespace Mall.Simulation;

/// <summary>Time as one process sees it. Its clock may be off; spans are the same for all.</summary>
internal sealed class SimulatedClock(SimulatedProcess process, TimeSpan off) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    public override DateTimeOffset GetUtcNow() => process.World.UtcNow + off;
    public override long GetTimestamp() => process.World.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(process, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimulatedTimer(SimulatedProcess process, Action callback) : ITimer
    {
        private int _setting; // Moves with each change: what was scheduled under an older one is void.

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var setting = ++_setting;
            if (dueTime >= TimeSpan.Zero) Schedule(dueTime);
            return true;

            void Schedule(TimeSpan delay) => process.Schedule(delay, () =>
            {
                if (setting != _setting) return;
                if (period > TimeSpan.Zero) Schedule(period);
                callback();
            });
        }

        public void Dispose() => _setting++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
