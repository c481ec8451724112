namespace Mall.Ledger.Servers;

/// <summary>The table <c>barrier</c> as a table like others: its rows are written and looked at by shapes.</summary>
internal static class BarrierRows
{
    private static readonly Column s_gid = new("gid", ColumnType.Text);
    private static readonly Column s_branchId = new("branch_id", ColumnType.Text);
    private static readonly Column s_op = new("op", ColumnType.Text);
    private static readonly Column s_barrierId = new("barrier_id", ColumnType.Text);
    private static readonly Column s_transType = new("trans_type", ColumnType.Text);
    private static readonly Column s_reason = new("reason", ColumnType.Text);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Table s_table = new("barrier", s_gid, s_branchId, s_op, s_barrierId);

    public static readonly RowShape Insert =
        s_table.Insert(s_gid, s_branchId, s_op, s_barrierId, s_transType, s_reason, s_createTime);

    /// <summary>Only looked at, never written: the row with this key, for this reason.</summary>
    public static readonly RowShape Reason = s_table.Update().Guard(s_reason);

    /// <param name="op">The key's own or its origin's; the row's reason is the key's in either case.</param>
    public static Value[] New(BarrierKey key, string op, DateTimeOffset now) =>
        [key.Gid, key.BranchId, op, key.BarrierId, key.TransType, key.Op, now];

    public static Value[] Expected(BarrierKey key, string op, string reason) =>
        [key.Gid, key.BranchId, op, key.BarrierId, reason];
}
