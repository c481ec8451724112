using System.Globalization;
using SQLitePCL;

namespace Mall.Ledger.Sqlite;

/// <summary>
/// Claims due work: one statement that marks the oldest rows whose time has come and returns them. It touches nothing when
/// nothing is due, and then costs no write to the disk. Runs on the writer's thread.
/// </summary>
internal sealed class SqliteClaims(sqlite3 db) : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    public List<DueItem> Claim(DueClaim claim)
    {
        var kinds = string.Join(", ", claim.Kinds.Select((_, i) => $"?{i + 5}"));
        var statement = StatementFor($"""
            update due set claimed_by = ?1, claimed_until = ?2, attempts = attempts + 1
            where (kind, key) in (
              select kind, key from due
              where due_time <= ?3 and (claimed_until is null or claimed_until <= ?3) and kind in ({kinds})
              order by due_time limit ?4)
            returning kind, key, due_time, attempts, payload
            """);
        statement.Bind(1, claim.Claimant).Bind(2, Milliseconds(claim.Until)).Bind(3, Milliseconds(claim.Now))
            .Bind(4, claim.Limit);
        for (var i = 0; i < claim.Kinds.Count; i++) statement.Bind(i + 5, claim.Kinds[i]);
        return statement.Read(row =>
            new DueItem(row.Text(0)!, row.Text(1)!, Time(row.Number(2)), (int)row.Number(3), row.Text(4)));
    }

    public List<DueItem> Claim(DueColumn column, DueClaim claim)
    {
        var (table, key, time) = (column.Table, column.Key, column.DueTime);
        var predicate = column.Predicate is { } sql ? $" and ({sql})" : "";
        var statement = StatementFor($"""
            update {table} set {time} = ?1
            where {key} in (
              select {key} from {table} where {time} is not null and {time} <= ?2{predicate} order by {time} limit ?3)
            returning {key}
            """);
        statement.Bind(1, Milliseconds(claim.Until)).Bind(2, Milliseconds(claim.Now)).Bind(3, claim.Limit);
        return statement.Read(row => new DueItem(column.Kind, KeyText(row, key), claim.Now, 1));
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
    }

    private SqliteStatement StatementFor(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement)) _statements[sql] = statement = new SqliteStatement(db, sql);
        return statement;
    }

    private static string KeyText(SqliteStatement row, Column key) =>
        key.Type == ColumnType.Number ? row.Number(0).ToString(CultureInfo.InvariantCulture) : row.Text(0)!;

    private static long Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
