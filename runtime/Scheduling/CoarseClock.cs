namespace Mall.Runtime;

/// <summary>
/// Milliseconds since the runtime was made, as of the last tick: reading it costs a load. Behind by up to one sweep period.
/// </summary>
internal sealed class CoarseClock(TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private long _now;

    public long Now => Volatile.Read(ref _now);

    public void Advance() => Volatile.Write(ref _now, (long)time.GetElapsedTime(_start).TotalMilliseconds);
}
