namespace Mall.Transactions;

/// <summary>A row of <c>sagas</c> that is a transaction of services; see <see cref="SagaRecord"/>.</summary>
internal sealed record TransactionRecord(
    string Gid, string Kind, string Status, string Payload, string? Reason, int Attempts, long Version, DateTimeOffset? NextTime,
    DateTimeOffset CreateTime, DateTimeOffset UpdateTime, DateTimeOffset? FinishTime, long Position = 0);

/// <summary>A row of <c>transaction_branches</c>.</summary>
internal sealed record TransactionBranchRow(
    string BranchId, string Op, string Status, int Number, string Target, string Payload, string? Error,
    DateTimeOffset CreateTime,
    DateTimeOffset UpdateTime);

/// <summary>Changes and queries of transactions in <c>sagas</c> and of <c>transaction_branches</c>.</summary>
internal static class TransactionRows
{
    private static readonly Column s_gid = new("gid", ColumnType.Text);
    private static readonly Column s_kind = new("kind", ColumnType.Text);
    private static readonly Column s_status = new("status", ColumnType.Text);
    private static readonly Column s_payload = new("payload", ColumnType.Text);
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
    private static readonly Column s_number = new("number", ColumnType.Number);
    private static readonly Column s_target = new("target", ColumnType.Text);
    private static readonly Column s_error = new("error", ColumnType.Text);

    private static readonly Table s_sagas = new("sagas", s_gid);
    private static readonly Table s_branches = new("transaction_branches", s_gid, s_branchId, s_op);

    private static readonly RowShape s_insert = s_sagas.Insert(
        s_gid, s_kind, s_status, s_payload, s_attempts, s_version, s_nextTime, s_createTime, s_updateTime,
        s_traceParent).Listed();

    // Each write moves the version, which is the fence; it is the mall's own sagas' shape, so both share a statement.
    private static readonly RowShape s_update = s_sagas.Update().Guard(s_version).Set(
        s_version, s_status, s_reason, s_attempts, s_nextTime, s_updateTime, s_finishTime);

    private static readonly RowShape s_insertBranch = s_branches.Insert(
        s_gid, s_branchId, s_op, s_status, s_number, s_target, s_payload, s_error, s_createTime, s_updateTime);

    private static readonly RowShape s_updateBranch = s_branches.Update().Set(s_status, s_error, s_updateTime);

    private const string Select =
        "select gid, kind, status, payload, reason, attempts, version, next_time, create_time, update_time, finish_time, position"
        + " from sagas ";

    private const string OfServices = "kind in ('saga', 'msg', 'tcc', 'xa', 'workflow')";

    /// <summary>Where what a workflow returned is kept.</summary>
    public const string ResultBranch = "00";

    /// <inheritdoc cref="ResultBranch"/>
    public const string ResultOp = "result";

    public static readonly Query<TransactionRecord> ByGid = new(Select + "where gid = @p1 and " + OfServices, Read);

    public static readonly Query<TransactionBranchRow> BranchesOf = new(
        """
        select branch_id, op, status, number, target, payload, error, create_time, update_time from transaction_branches
        where gid = @p1 order by number, branch_id, op
        """,
        row => new TransactionBranchRow(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), TextOf(row, 4) ?? "", TextOf(row, 5) ?? "",
            TextOf(row, 6), TimeOf(row, 7)!.Value, TimeOf(row, 8)!.Value));

    /// <summary>Transactions that would wait longer than until @p1: at most @p2.</summary>
    public static readonly Query<string> Waiting = new(
        $"select gid from sagas where next_time > @p1 and {OfServices} order by next_time limit @p2", row => row.GetString(0));

    // Every status or one, every kind or one: each its own statement, made once.
    private static readonly Dictionary<(string Kind, string Status), Query<TransactionRecord>> s_pages = (
        from kind in TransactionTypes.All.Prepend("")
        from status in (string[])
            ["", SagaStatus.Prepared, SagaStatus.Submitted, SagaStatus.Aborting, SagaStatus.Succeed, SagaStatus.Failed]
        select (kind, status)).ToDictionary(
            page => page,
            page => new Query<TransactionRecord>(
                $"""
                {Select}
                where {OfServices} {(page.kind.Length > 0 ? $"and kind = '{page.kind}'" : "")}
                  {(page.status.Length > 0 ? $"and status = '{page.status}'" : "")}
                  and (position < @p1 or (position = @p1 and gid < @p2)) and position <= @p3
                  and create_time >= @p4 and create_time <= @p5
                order by position desc, gid desc limit @p6
                """,
                Read));

    /// <summary>
    /// The newest before position @p1 and gid @p2, none behind position @p3, made from @p4 to @p5: at most @p6. Null when there
    /// is no such kind or status.
    /// </summary>
    public static Query<TransactionRecord>? Page(string? kind, string? status) =>
        s_pages.GetValueOrDefault((kind ?? "", status ?? ""));

    /// <param name="trace">See <see cref="LaterTraces"/>: who resumes it later reads it there.</param>
    public static RowChange Insert(TransactionRecord row, string? trace) => s_insert.With(
        row.Gid, row.Kind, row.Status, row.Payload, row.Attempts, row.Version, row.NextTime, row.CreateTime, row.UpdateTime,
        trace);

    /// <summary>Moves the row from the version before to this record.</summary>
    public static RowChange Update(TransactionRecord row) => s_update.With(
        row.Gid, row.Version - 1, row.Version, row.Status, row.Reason, row.Attempts, row.NextTime, row.UpdateTime,
            row.FinishTime);

    public static RowChange InsertBranch(string gid, TransactionOp op, DateTimeOffset now) => s_insertBranch.With(
        gid, op.BranchId, op.Op, op.Status, op.Number, op.Target,
        op.IsRegistered ? Convert.ToBase64String(op.Payload) : null, op.Error, now, now);

    public static RowChange UpdateBranch(string gid, TransactionOp op, DateTimeOffset now) => s_updateBranch.With(
        gid, op.BranchId, op.Op, op.Status, op.Error, now);

    private static TransactionRecord Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), TextOf(row, 4), row.GetInt32(5), row.GetInt64(6),
        TimeOf(row, 7), TimeOf(row, 8)!.Value, TimeOf(row, 9)!.Value, TimeOf(row, 10), row.GetInt64(11));

    private static string? TextOf(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? TimeOf(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
