using System.Globalization;

namespace Mall.Ledger.MySql;

/// <summary>
/// Claims due work in one transaction: looks for the oldest rows whose time has come, skipping those that another process is
/// claiming at the moment, and marks them. When nothing is due nothing is written.
/// </summary>
internal static class MySqlClaims
{
    public static IReadOnlyList<DueItem> Claim(MySqlSession session, DueClaim claim)
    {
        var (now, until) = (claim.Now.ToUnixTimeMilliseconds(), claim.Until.ToUnixTimeMilliseconds());
        var sql = new SqlText().Add("select kind, `key`, due_time, attempts, payload from due where due_time <= ").Add(now)
            .Add(" and (claimed_until is null or claimed_until <= ").Add(now).Add(") and kind in (");
        for (var i = 0; i < claim.Kinds.Count; i++) sql.Add(i == 0 ? "" : ", ").AddText(claim.Kinds[i]);
        sql.Add(") order by due_time limit ").Add(claim.Limit).Add(" for update skip locked");

        session.Execute("start transaction");
        var items = session.Read(sql.ToString(), row => new DueItem(
            row.GetString(0),
            row.GetString(1),
            DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
            (int)row.GetInt64(3) + 1,
            row.IsDBNull(4) ? null : row.GetString(4)));
        if (items.Count > 0)
        {
            sql.Clear().Add("update due set claimed_by = ").AddText(claim.Claimant).Add(", claimed_until = ").Add(until)
                .Add(", attempts = attempts + 1 where ");
            var or = "";
            foreach (var item in items)
            {
                sql.Add(or).Add("(kind = ").AddText(item.Kind).Add(" and `key` = ").AddText(item.Key).Add(")");
                or = " or ";
            }

            session.Execute(sql.ToString());
        }

        session.Execute("commit");
        return items;
    }

    public static IReadOnlyList<DueItem> Claim(MySqlSession session, DueColumn column, DueClaim claim)
    {
        var (table, key, time) = (
            MySqlSql.Quoted(column.Table.Name), MySqlSql.Quoted(column.Key.Name), MySqlSql.Quoted(column.DueTime.Name));
        var predicate = column.Predicate is { } condition ? $" and ({condition})" : "";
        var sql = new SqlText().Add($"select {key} from {table} where {time} is not null and {time} <= ")
            .Add(claim.Now.ToUnixTimeMilliseconds()).Add(predicate).Add($" order by {time} limit ").Add(claim.Limit)
            .Add(" for update skip locked");

        session.Execute("start transaction");
        var keys = session.Read<Value>(
            sql.ToString(), row => column.Key.Type == ColumnType.Number ? row.GetInt64(0) : row.GetString(0));
        if (keys.Count > 0)
        {
            sql.Clear().Add($"update {table} set {time} = ").Add(claim.Until.ToUnixTimeMilliseconds()).Add($" where {key} in (");
            for (var i = 0; i < keys.Count; i++) sql.Add(i == 0 ? "" : ", ").Add(keys[i]);
            session.Execute(sql.Add(")").ToString());
        }

        session.Execute("commit");
        return [.. keys.Select(value => new DueItem(
            column.Kind, value.IsNumber ? value.Number.ToString(CultureInfo.InvariantCulture) : value.Text!, claim.Now, 1))];
    }
}
