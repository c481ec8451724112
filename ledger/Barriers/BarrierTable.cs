namespace Mall.Ledger;

/// <summary>The table <c>barrier</c> as a table like others: its rows are written and looked at by shapes.</summary>
public static class BarrierTable
{
    private static readonly Column[] s_key =
        [Text("gid"), Text("branch_id"), Text("op", BarrierOps.Action), Text("barrier_id", "01")];
    private static readonly Column s_reason = Text("reason", BarrierOps.Action);
    private static readonly Table s_table = new("barrier", s_key);

    internal static readonly RowShape Insert = s_table.Insert(
        [.. s_key, Text("trans_type", "saga"), s_reason, new("create_time", ColumnType.Number)]);

    /// <summary>Only looked at, never written: the row with this key, for this reason.</summary>
    internal static readonly RowShape Reason = s_table.Update().Guard(s_reason);

    /// <summary>The key's row as one of the changes of a write set that settles several branches at once, under the barrier of
    /// another: where the row is there already, the write set is a conflict.</summary>
    public static RowChange Row(this BarrierKey key, DateTimeOffset now) => Insert.With(New(key, key.Op, now));

    /// <summary>Likewise the row of what the key undoes, which is never to happen then.</summary>
    public static RowChange OriginRow(this BarrierKey key, DateTimeOffset now) => Insert.With(
        New(key, Barrier.OriginOf(key.Op) ?? throw new ArgumentException($"{key.Op} undoes nothing.", nameof(key)), now));

    /// <param name="op">The key's own or its origin's; the row's reason is the key's in either case.</param>
    internal static Value[] New(BarrierKey key, string op, DateTimeOffset now) =>
        [key.Gid, key.BranchId, op, key.BarrierId, key.TransType, key.Op, now];

    internal static Value[] Expected(BarrierKey key, string op, string reason) =>
        [key.Gid, key.BranchId, op, key.BarrierId, reason];

    private static Column Text(string name, string? byDefault = null) => new(name, ColumnType.Text, byDefault);
}
