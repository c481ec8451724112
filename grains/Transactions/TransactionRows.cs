using static Mall.Sagas.SagaTable;

namespace Mall.Transactions;

/// <summary>A row of <c>sagas</c> that is a transaction of services; see <see cref="SagaRecord"/>.</summary>
internal sealed record TransactionRecord(
    string Gid, string Kind, string Status, string Payload, string? Reason, int Attempts, long Version, DateTimeOffset? NextTime,
    DateTimeOffset CreateTime, DateTimeOffset UpdateTime, DateTimeOffset? FinishTime, long Position = 0);

/// <summary>A row of <c>transaction_branches</c>.</summary>
internal sealed record TransactionBranchRow(
    string BranchId, string Op, string Status, int Number, string Target, string Payload, string? Error,
    DateTimeOffset CreateTime, DateTimeOffset UpdateTime);

/// <summary>Changes and queries of transactions in <c>sagas</c> and of <c>transaction_branches</c>.</summary>
internal static class TransactionRows
{
    private static readonly Column s_number = new("number", ColumnType.Number);
    private static readonly Column s_target = new("target", ColumnType.Text);
    private static readonly Column s_error = new("error", ColumnType.Text);

    private static readonly Table s_branches = new("transaction_branches", Gid, BranchId, Op);

    private static readonly RowShape s_insert = Insertion();

    private static readonly RowShape s_insertBranch = s_branches.Insert(
        Gid, BranchId, Op, StatusOfBranch, s_number, s_target, Payload, s_error, CreateTime, UpdateTime);

    private static readonly RowShape s_updateBranch = s_branches.Update().Set(StatusOfBranch, s_error, UpdateTime);

    private const string Select =
        "select gid, kind, status, payload, reason, attempts, version, next_time, create_time, update_time, finish_time, position"
        + " from sagas ";

    private const string OfServices = "kind in ('saga', 'msg', 'tcc', 'xa', 'workflow')";

    /// <summary>The branch that none is: what is kept of the transaction itself.</summary>
    public const string NoBranch = "00";

    /// <summary>What a workflow returned.</summary>
    public const string ResultOp = "result";

    /// <summary>When a message that was prepared first may be sent, in Unix milliseconds.</summary>
    public const string DelayOp = "delay";

    /// <summary>The numbers of the ops that had been called when a saga began to abort.</summary>
    public const string StartedOp = "started";

    public static readonly Query<TransactionRecord> ByGid = new(Select + "where gid = @p1 and " + OfServices, Read);

    public static readonly Query<TransactionBranchRow> BranchesOf = new(
        """
        select branch_id, op, status, number, target, payload, error, create_time, update_time from transaction_branches
        where gid = @p1 order by number, branch_id, op
        """,
        row => new TransactionBranchRow(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.TextOrNull(4) ?? "",
            row.TextOrNull(5) ?? "", row.TextOrNull(6), row.Time(7), row.Time(8)));

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

    public static RowChange Update(TransactionRecord row) => SagaTable.Update(
        row.Gid, row.Version, row.Status, row.Reason, row.Attempts, row.NextTime, row.UpdateTime, row.FinishTime);

    public static RowChange InsertBranch(string gid, TransactionOp op, DateTimeOffset now) => s_insertBranch.With(
        gid, op.BranchId, op.Op, op.Status, op.Number, op.Target,
        op.IsRegistered ? Convert.ToBase64String(op.Payload) : null, op.Error, now, now);

    /// <summary>What is kept of the transaction itself, under a name.</summary>
    public static RowChange InsertNote(string gid, string name, string text, DateTimeOffset now) => s_insertBranch.With(
        gid, NoBranch, name, BranchStatus.Succeed, 0, text, (string?)null, (string?)null, now, now);

    public static RowChange UpdateBranch(string gid, TransactionOp op, DateTimeOffset now) => s_updateBranch.With(
        gid, op.BranchId, op.Op, op.Status, op.Error, now);

    private static TransactionRecord Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.TextOrNull(4), row.GetInt32(5),
        row.GetInt64(6), row.TimeOrNull(7), row.Time(8), row.Time(9), row.TimeOrNull(10), row.GetInt64(11));
}
