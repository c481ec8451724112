namespace Mall.Ledger.MySql;

/// <summary>The committer's other statements.</summary>
internal static class MySqlStatements
{
    /// <summary>Rolls back first: a transaction that was left open would be committed by the beginning of another.</summary>
    public const string Begin = "rollback;start transaction";

    public const string KeyText = "varchar(256) character set utf8mb4 collate utf8mb4_bin";

    /// <summary>
    /// The commit mark. It fails, because a column may not be null, when the batch's number was revoked or <paramref
    /// name="condition"/> does not hold; then what follows it in the same text is not executed.
    /// </summary>
    public static void Mark(SqlText sql, Batch batch, string condition)
    {
        var time = batch.Time.ToUnixTimeMilliseconds();
        sql.Add("insert into commit_marks (committer, number, revoked, update_time) values (").AddText(batch.Committer)
            .Add($", if({condition}, {batch.Number}, null), 0, {time}) on duplicate key update ")
            .Add($"number = if({condition} and revoked < {batch.Number}, {batch.Number}, null), update_time = {time};");
    }

    /// <summary>Revokes the number, and reads the last that has committed.</summary>
    public static void Revoke(SqlText sql, string committer, long number, DateTimeOffset now) => sql
        .Add("insert into commit_marks (committer, number, revoked, update_time) values (").AddText(committer)
        .Add($", 0, {number}, {now.ToUnixTimeMilliseconds()}) on duplicate key update revoked = greatest(revoked, {number});")
        .Add("select number from commit_marks where committer = ").AddText(committer);

    /// <summary>Inserts barrier rows; one that is there already is an error.</summary>
    public static void InsertBarriers(SqlText sql, IEnumerable<BarrierRow> rows, DateTimeOffset now)
    {
        var time = $"{now.ToUnixTimeMilliseconds()}";
        sql.Add("insert into barrier (gid, branch_id, op, barrier_id, trans_type, reason, create_time) values ");
        var row = "(";
        foreach (var (key, op) in rows)
        {
            sql.Add(row).AddText(key.Gid).Add(",").AddText(key.BranchId).Add(",").AddText(op).Add(",").AddText(key.BarrierId)
                .Add(",").AddText(key.TransType).Add(",").AddText(key.Op).Add(",").Add(time);
            row = "),(";
        }

        sql.Add(");");
    }

    /// <summary>How many of these barrier rows are there with their action as the reason, so that it may be undone.</summary>
    public static void CountOrigins(SqlText sql, IEnumerable<BarrierRow> rows) =>
        Present(sql.Add("select count(*) from "), rows).Add($" where b.reason = '{BarrierOps.Action}'");

    /// <summary>Which of these barrier rows are there. Locks them.</summary>
    public static void FindBarriers(SqlText sql, IEnumerable<BarrierRow> rows) =>
        Present(sql.Add("select b.gid, b.branch_id, b.op, b.barrier_id, b.reason from "), rows).Add(" for update");

    private static SqlText Present(SqlText sql, IEnumerable<BarrierRow> rows)
    {
        MySqlSql.Table(sql, Enumerable.Repeat(KeyText, 4), rows.Select(row =>
            (Value[])[row.Key.Gid, row.Key.BranchId, row.Op, row.Key.BarrierId]));
        return sql.Add(" straight_join barrier b force index (primary)"
            + " on b.gid = v.c1 and b.branch_id = v.c2 and b.op = v.c3 and b.barrier_id = v.c4");
    }
}
