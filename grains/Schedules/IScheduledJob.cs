namespace Mall.Schedules;

/// <summary>
/// What a schedule does. It is done at least once at each time, by one silo, and again by another when that dies; so it must be
/// idempotent.
/// </summary>
public interface IScheduledJob
{
    /// <summary>For its queries that read all there is.</summary>
    static readonly TimeSpan QueryTimeout = TimeSpan.FromMinutes(10);

    /// <summary>The schedule's name.</summary>
    string Name { get; }

    /// <summary>Does it, and tells what came of it in a few words.</summary>
    /// <param name="now">When the run began.</param>
    /// <param name="zone">The schedule's.</param>
    Task<string> RunAsync(DateTimeOffset now, TimeZoneInfo zone);
}
