namespace Mall.Ledger.Tests;

/// <summary>What the clean-up removes, as the tests write it.</summary>
internal static class SagaTables
{
    private static readonly Column s_gid = new("gid", ColumnType.Text);
    private static readonly Column s_kind = new("kind", ColumnType.Text);
    private static readonly Column s_status = new("status", ColumnType.Text);
    private static readonly Column s_finishTime = new("finish_time", ColumnType.Number);
    private static readonly Column s_branchId = new("branch_id", ColumnType.Text);
    private static readonly Column s_op = new("op", ColumnType.Text);

    private static readonly RowShape s_saga = new Table("sagas", s_gid).Insert(
        s_gid, s_kind, s_status, TestTables.CreateTime, TestTables.UpdateTime, s_finishTime);

    private static readonly RowShape s_branch = new Table("saga_branches", s_gid, s_branchId, s_op)
        .Insert(s_gid, s_branchId, s_op, s_status, TestTables.UpdateTime);

    /// <summary>A saga with one branch and its barrier row.</summary>
    public static WriteSet Saga(string gid, DateTimeOffset now, bool ended = true)
    {
        Value finished = ended ? now : Value.Null;
        return new WriteSet(TestTables.Action(gid),
            s_saga.With(gid, "order", ended ? "succeed" : "submitted", now, now, finished),
            s_branch.With(gid, "01", "action", "succeed", now));
    }
}
