namespace Mall.Schedules;

/// <summary>The table <c>schedules</c>: shapes of its changes, and queries.</summary>
internal static class ScheduleRows
{
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_cron = new("cron", ColumnType.Text);
    private static readonly Column s_zone = new("zone", ColumnType.Text);
    private static readonly Column s_paused = new("paused", ColumnType.Number);
    private static readonly Column s_nextTime = new("next_time", ColumnType.Number);
    private static readonly Column s_lastTime = new("last_time", ColumnType.Number);
    private static readonly Column s_outcome = new("outcome", ColumnType.Text);

    private static readonly Table s_schedules = new("schedules", s_name);

    private static readonly RowShape s_plan = s_schedules.Update().Set(s_nextTime);
    private static readonly RowShape s_end = s_schedules.Update().Guard(s_cron, s_zone).Set(s_nextTime, s_lastTime, s_outcome);
    private static readonly RowShape s_begin = s_schedules.Update().Set(s_nextTime, s_outcome);

    private static readonly RowShape s_change = s_schedules.Update().Guard(s_cron, s_zone, s_paused).Set(
        s_cron, s_zone, s_paused, s_nextTime, s_outcome);

    private const string Columns = "select name, cron, zone, paused, next_time, last_time, outcome from schedules ";

    public static DueColumn Due { get; } = new("schedule", s_schedules, s_nextTime, "paused = 0");

    public static readonly Query<ScheduleRow> ByName = new(Columns + "where name = @p1", Read);

    public static readonly Query<ScheduleRow> All = new(Columns + "order by name", Read);

    /// <summary>When it is due the next time, or until when a run keeps it.</summary>
    public static RowChange Plan(string name, DateTimeOffset? next) => s_plan.With(name, next);

    /// <summary>The first time of all is known.</summary>
    public static RowChange Begin(string name, DateTimeOffset? next) => s_begin.With(name, next, "");

    /// <param name="row">As its next time was computed of it.</param>
    public static RowChange End(ScheduleRow row, DateTimeOffset? next, DateTimeOffset now, string outcome) =>
        s_end.With(row.Name, row.Cron, row.Zone, next, now, outcome);

    public static RowChange Change(ScheduleRow from, ScheduleRow row) =>
        s_change.With(
            row.Name, from.Cron, from.Zone, from.IsPaused ? 1 : 0, row.Cron, row.Zone, row.IsPaused ? 1 : 0, row.NextTime,
            row.Outcome ?? "");

    private static ScheduleRow Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3) != 0, row.TimeOrNull(4), row.TimeOrNull(5),
        row.TextOrNull(6));
}

/// <summary>A row of <c>schedules</c>.</summary>
/// <param name="Outcome">Null before its first time is known, empty before its first run.</param>
internal sealed record ScheduleRow(
    string Name, string Cron, string Zone, bool IsPaused, DateTimeOffset? NextTime, DateTimeOffset? LastTime, string? Outcome)
{
    public ScheduleView View => new(
        Name, Cron, Zone, IsPaused, LastTime, IsPaused || Outcome is null ? null : NextTime, LastTime is null ? null : Outcome);
}
