using static Mall.Sagas.SagaTable;

namespace Mall.Sagas;

/// <summary>
/// The table <c>sagas</c>, of the mall's own sagas and of transactions of services: its columns, and the one shape of every later
/// write, which keeps a batch at one statement. The version is the fence, since each write moves it.
/// </summary>
internal static class SagaTable
{
    public static readonly Column Gid = new("gid", ColumnType.Text);
    public static readonly Column Kind = new("kind", ColumnType.Text, OrderSagaKind.KindName);
    public static readonly Column Status = new("status", ColumnType.Text, SagaStatus.Succeed);
    public static readonly Column Payload = new("payload", ColumnType.Text);
    public static readonly Column Reason = new("reason", ColumnType.Text);
    public static readonly Column Attempts = new("attempts", ColumnType.Number, 0);
    public static readonly Column Version = new("version", ColumnType.Number, 2);
    public static readonly Column NextTime = new("next_time", ColumnType.Number);
    public static readonly Column CreateTime = new("create_time", ColumnType.Number);
    public static readonly Column UpdateTime = new("update_time", ColumnType.Number);
    public static readonly Column FinishTime = new("finish_time", ColumnType.Number);
    public static readonly Column TraceParent = new("trace_parent", ColumnType.Text);
    public static readonly Column BranchId = new("branch_id", ColumnType.Text);
    public static readonly Column StatusOfBranch = new("status", ColumnType.Text);
    public static readonly Column Op = new("op", ColumnType.Text);

    public static readonly Table Itself = new("sagas", Gid);

    private static readonly RowShape s_update = Itself.Update().Guard(Version).Set(
        Version, Status, Reason, Attempts, NextTime, UpdateTime, FinishTime);

    /// <summary>The insert of a row, with more columns behind these.</summary>
    public static RowShape Insertion(params Column[] more) => Itself.Insert(
        [Gid, Kind, Status, Payload, Attempts, Version, NextTime, CreateTime, UpdateTime, TraceParent, .. more]).Listed();

    /// <summary>Moves a row from the version before to this one.</summary>
    public static RowChange Update(
        string gid, long version, string status, string? reason, int attempts, DateTimeOffset? next, DateTimeOffset now,
        DateTimeOffset? finished) =>
        s_update.With(gid, version - 1, version, status, reason, attempts, next, now, finished);
}

/// <summary>The mall's own sagas in <c>sagas</c>, and <c>saga_branches</c>: shapes of their changes, and queries.</summary>
internal static class SagaRows
{
    private static readonly RowShape s_insert = Insertion(
        new Column("request_hash", ColumnType.Text), new Column("user_id", ColumnType.Number, 0), Reason, FinishTime);

    private static readonly RowShape s_insertBranch =
        new Table("saga_branches", Gid, BranchId, Op).Insert(Gid, BranchId, Op, StatusOfBranch, UpdateTime);

    /// <summary>
    /// A saga is due when nobody has ended it by its time. That it has not ended is said for MySQL, whose index begins with that.
    /// </summary>
    public static readonly DueColumn Due = new("saga", Itself, NextTime, "finish_time is null");

    private const string Select =
        "select gid, kind, status, payload, request_hash, user_id, reason, attempts, version, next_time, position, trace_parent"
        + " from sagas ";

    // Lists do without payloads, which may be megabytes each.
    private static readonly string s_short = Select.Replace("payload", "null as payload", StringComparison.Ordinal);

    private static readonly string[] s_open = [SagaStatus.Prepared, SagaStatus.Submitted, SagaStatus.Aborting];

    private static readonly string[] s_all = [.. s_open, SagaStatus.Succeed, SagaStatus.Failed];

    private static readonly Dictionary<(string Status, string Parked), Query<SagaRecord>> s_pages = (
        from status in s_all.Append("")
        from parked in (string[])["", "True", "False"]
        select (status, parked)).ToDictionary(page => page, page => PageOf(page.status, page.parked));

    public static readonly Query<SagaRecord> ByGid = new(Select + "where gid = @p1", Read);

    /// <summary>Sagas behind position @p1 and gid @p2, as far as position @p3: at most @p4.</summary>
    /// <param name="status">Null for all.</param>
    /// <param name="isParked">Null for all.</param>
    public static Query<SagaRecord> Page(string? status, bool? isParked) => s_pages[(status ?? "", $"{isParked}")];

    public static readonly Query<SagaBranchRow> BranchesOf = new(
        "select branch_id, op, status, update_time from saga_branches where gid = @p1 order by branch_id, op",
        row => new SagaBranchRow(row.GetString(0), row.GetString(1), row.GetString(2), row.Time(3)));

    public static readonly Query<BarrierRowView> BarrierOf = new(
        "select branch_id, op, barrier_id, reason, create_time from barrier where gid = @p1 order by branch_id, op, barrier_id",
        row => new BarrierRowView(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.Time(4)));

    /// <summary>When it began, when it was last written, and when it ended.</summary>
    public static readonly Query<(DateTimeOffset? Began, DateTimeOffset? Updated, DateTimeOffset? Ended)> TimesOf = new(
        "select create_time, update_time, finish_time from sagas where gid = @p1",
        row => (row.Time(0), row.Time(1), row.TimeOrNull(2)));

    public static RowChange Insert(SagaRecord saga, DateTimeOffset now) => s_insert.With(
        saga.Gid, saga.Kind, saga.Status, saga.Payload, saga.Attempts, saga.Version, saga.NextTime, now, now, saga.TraceParent,
        saga.RequestHash, saga.UserId, saga.Reason, FinishedAt(saga, now));

    public static RowChange Update(SagaRecord saga, DateTimeOffset now) => SagaTable.Update(
        saga.Gid, saga.Version, saga.Status, saga.Reason, saga.Attempts, saga.NextTime, now, FinishedAt(saga, now));

    public static RowChange InsertBranch(string gid, string branchId, string op, string status, DateTimeOffset now) =>
        s_insertBranch.With(gid, branchId, op, status, now);

    private static DateTimeOffset? FinishedAt(SagaRecord saga, DateTimeOffset now) =>
        SagaStatus.HasEnded(saga.Status) ? now : null;

    // Status by status, each in the order of one index, which costs a saga least: then of all these the first. MySQL, which alone
    // reads the hint, would rather find all of a status and go through them.
    private static Query<SagaRecord> PageOf(string status, string parked)
    {
        var statuses = status.Length > 0 ? [status] : parked == "True" ? s_open : s_all;
        var and = parked switch
        {
            "True" => "and next_time is null and finish_time is null",
            "False" => "and (next_time is not null or finish_time is not null)",
            _ => "",
        };
        return new(
            string.Join(" union all ", statuses.Select((status, i) => $"""
                select * from ({s_short} /*! force index (sagas_by_status) */
                  where status = '{status}' and position >= @p1 and (position > @p1 or gid > @p2) and position <= @p3 {and}
                  order by position, gid limit @p4) s{i}
                """)) + " order by position, gid limit @p4",
            Read);
    }

    private static SagaRecord Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.TextOrNull(3), row.TextOrNull(4), row.GetInt64(5),
        row.TextOrNull(6), row.GetInt32(7), row.GetInt64(8), row.TimeOrNull(9), row.GetInt64(10), row.TextOrNull(11));
}

/// <summary>A row of <c>saga_branches</c>.</summary>
internal sealed record SagaBranchRow(string BranchId, string Op, string Status, DateTimeOffset UpdateTime);
