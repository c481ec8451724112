namespace Mall.Sagas;

/// <summary>The tables <c>sagas</c> and <c>saga_branches</c>: shapes of their changes, and queries.</summary>
internal static class SagaRows
{
    private static readonly Column s_gid = new("gid", ColumnType.Text);
    private static readonly Column s_kind = new("kind", ColumnType.Text);
    private static readonly Column s_status = new("status", ColumnType.Text);
    private static readonly Column s_payload = new("payload", ColumnType.Text);
    private static readonly Column s_requestHash = new("request_hash", ColumnType.Text);
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_reason = new("reason", ColumnType.Text);
    private static readonly Column s_attempts = new("attempts", ColumnType.Number);
    private static readonly Column s_version = new("version", ColumnType.Number);
    private static readonly Column s_nextTime = new("next_time", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);
    private static readonly Column s_finishTime = new("finish_time", ColumnType.Number);
    private static readonly Column s_traceParent = new("trace_parent", ColumnType.Text);
    private static readonly Column s_branchId = new("branch_id", ColumnType.Text);
    private static readonly Column s_op = new("op", ColumnType.Text);

    private static readonly Table s_sagas = new("sagas", s_gid);
    private static readonly Table s_branches = new("saga_branches", s_gid, s_branchId, s_op);

    private static readonly RowShape s_insert = s_sagas.Insert(
        s_gid, s_kind, s_status, s_payload, s_requestHash, s_userId, s_attempts, s_version,
        s_nextTime, s_createTime, s_updateTime, s_traceParent).Listed();

    // One shape for every later write keeps the batch at one statement; the version is the fence, since each write moves it.
    private static readonly RowShape s_update = s_sagas.Update().Guard(s_version).Set(
        s_version, s_status, s_reason, s_attempts, s_nextTime, s_updateTime, s_finishTime);

    private static readonly RowShape s_insertBranch = s_branches.Insert(s_gid, s_branchId, s_op, s_status, s_updateTime);

    /// <summary>A saga is due when nobody has ended it by its time.</summary>
    public static readonly DueColumn Due = new("saga", s_sagas, s_nextTime);

    private const string Select =
        "select gid, kind, status, payload, request_hash, user_id, reason, attempts, version, next_time, position, trace_parent"
        + " from sagas ";

    // Lists do without payloads, which may be megabytes each.
    private static readonly string s_short = Select.Replace("payload", "'' as payload", StringComparison.Ordinal);

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
        row => new SagaBranchRow(row.GetString(0), row.GetString(1), row.GetString(2), TimeOf(row, 3)!.Value));

    public static readonly Query<BarrierRowView> BarrierOf = new(
        "select branch_id, op, barrier_id, reason, create_time from barrier where gid = @p1 order by branch_id, op, barrier_id",
        row => new BarrierRowView(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), TimeOf(row, 4)));

    /// <summary>When it began, when it was last written, and when it ended.</summary>
    public static readonly Query<(DateTimeOffset? Began, DateTimeOffset? Updated, DateTimeOffset? Ended)> TimesOf = new(
        "select create_time, update_time, finish_time from sagas where gid = @p1",
        row => (TimeOf(row, 0), TimeOf(row, 1), TimeOf(row, 2)));

    public static RowChange Insert(SagaRecord saga, DateTimeOffset now) => s_insert.With(
        saga.Gid, saga.Kind, saga.Status, saga.Payload, saga.RequestHash, saga.UserId, saga.Attempts, saga.Version,
        saga.NextTime, now, now, saga.TraceParent);

    /// <summary>Moves the row from the version before to this record.</summary>
    public static RowChange Update(SagaRecord saga, DateTimeOffset now) => s_update.With(
        saga.Gid, saga.Version - 1, saga.Version, saga.Status, saga.Reason, saga.Attempts, saga.NextTime, now,
        SagaStatus.HasEnded(saga.Status) ? now : Value.Null);

    public static RowChange InsertBranch(string gid, string branchId, string op, string status, DateTimeOffset now) =>
        s_insertBranch.With(gid, branchId, op, status, now);

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
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4),
        row.GetInt64(5), row.IsDBNull(6) ? null : row.GetString(6), row.GetInt32(7), row.GetInt64(8),
        TimeOf(row, 9), row.GetInt64(10), row.IsDBNull(11) ? null : row.GetString(11));

    private static DateTimeOffset? TimeOf(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}

/// <summary>A row of <c>saga_branches</c>.</summary>
internal sealed record SagaBranchRow(string BranchId, string Op, string Status, DateTimeOffset UpdateTime);
