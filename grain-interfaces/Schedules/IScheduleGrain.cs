namespace Mall.Schedules;

/// <summary>Something that is done at times.</summary>
/// <param name="NextRun">Null while it is paused.</param>
/// <param name="LastRun">When the last run ended; null before the first.</param>
/// <param name="Outcome">Of the last run, in words.</param>
[GenerateSerializer, Immutable, Alias("mall.ScheduleView")]
public sealed record ScheduleView(
    string Name, string Cron, string Zone, bool IsPaused, DateTimeOffset? LastRun, DateTimeOffset? NextRun, string? Outcome);

/// <summary>What to change; null stays as it is.</summary>
[GenerateSerializer, Immutable, Alias("mall.ChangeSchedule")]
public sealed record ChangeSchedule(string? Cron, string? Zone, bool? IsPaused);

/// <summary>One schedule. The key is its name. Answers null where there is none.</summary>
[Alias("mall.IScheduleGrain")]
public interface IScheduleGrain : IGrainWithStringKey
{
    /// <summary>Runs it now, or joins the run that is under way; answers when that has ended. Repeatable under a key.</summary>
    [Alias("Run")]
    Task<Result<ScheduleView>?> Run(Idempotency? idempotency);

    /// <summary>Refused with 100002 when the expression or the zone means nothing.</summary>
    [Alias("Change")]
    Task<Result<ScheduleView>?> Change(ChangeSchedule command);

    /// <summary>Begins the run that is due, unless one is under way. For due work.</summary>
    [Alias("Start")]
    Task Start();
}

/// <summary>Lists schedules. Key 0.</summary>
[Alias("mall.IScheduleDirectoryGrain")]
public interface IScheduleDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>All of them, by name.</summary>
    [Alias("List"), ReadOnly]
    Task<ImmutableArray<ScheduleView>> List();
}
