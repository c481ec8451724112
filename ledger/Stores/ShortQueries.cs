using System.Globalization;

namespace Mall.Ledger.Stores;

/// <summary>
/// What is neither a batch nor anybody's query: ids and claims of due work, each a statement of its own. Claims mark the oldest
/// rows whose time has come and return them; when nothing is due nothing is written. On a server, rows that another process is
/// claiming at the moment are skipped, so claimants never wait for each other.
/// </summary>
internal static class ShortQueries
{
    private const string DueColumns = "kind, key, due_time, attempts, payload";

    /// <summary>Reserves @p2 ids of the sequence @p1; where a statement can return what it wrote.</summary>
    public static readonly Query<long> ReserveIds = Number("""
        insert into id_blocks as t (name, next) values (@p1, 1 + @p2)
        on conflict (name) do update set next = t.next + @p2
        returning next - @p2
        """);

    /// <summary>Gives ids of the sequence @p1 back from @p2 on, if @p3 is the next.</summary>
    public static readonly Query<long> ReturnIds = Number("update id_blocks set next = @p2 where name = @p1 and next = @p3");

    public static Query<long> Number(string sql) => new(sql, static row => row.GetInt64(0));

    /// <summary>The oldest due work.</summary>
    /// <param name="claim">Whose parameters these are.</param>
    /// <param name="locking">What keeps two claims apart.</param>
    public static (Query<DueItem> Query, Value[] Parameters) Pick(DueClaim claim, string locking) => (
        new Query<DueItem>(PickSql(claim, DueColumns, locking), row => ItemOf(row, 1)), AllOf(claim));

    /// <inheritdoc cref="Pick(DueClaim, string)"/>
    public static (Query<DueItem> Query, Value[] Parameters) Pick(DueColumn column, DueClaim claim, string locking) => (
        new Query<DueItem>(PickSql(column, column.Key.Name, locking), row => ItemOf(row, column, claim)), TimesOf(claim));

    /// <summary>Claims in one statement. "materialized": a subquery with a limit that is evaluated twice claims twice.</summary>
    /// <inheritdoc cref="Pick(DueClaim, string)"/>
    public static (Query<DueItem> Query, Value[] Parameters) Claim(DueClaim claim, string locking = "") => (
        new Query<DueItem>($"""
            with picked as materialized ({PickSql(claim, "kind as picked_kind, key as picked_key", locking)})
            update due set claimed_by = @p1, claimed_until = @p2, attempts = attempts + 1
            from picked where kind = picked_kind and key = picked_key
            returning {DueColumns}
            """, row => ItemOf(row, 0)), AllOf(claim));

    /// <inheritdoc cref="Claim(DueClaim, string)"/>
    public static (Query<DueItem> Query, Value[] Parameters) Claim(DueColumn column, DueClaim claim, string locking = "") => (
        new Query<DueItem>($"""
            with picked as materialized ({PickSql(column, $"{column.Key} as picked_key", locking)})
            update {column.Table} set {column.DueTime} = @p1 from picked where {column.Key} = picked_key
            returning {column.Key}
            """, row => ItemOf(row, column, claim)), TimesOf(claim));

    /// <summary>An update returns its rows in any order.</summary>
    public static IReadOnlyList<DueItem> Oldest(IReadOnlyList<DueItem> items) => [.. items.OrderBy(item => item.DueTime)];

    private static string PickSql(DueClaim claim, string columns, string locking) => $"""
        select {columns} from due
        where due_time <= @p3 and (claimed_until is null or claimed_until <= @p3)
          and kind in ({string.Join(", ", claim.Kinds.Select((_, i) => $"@p{i + 5}"))})
        order by due_time limit @p4 {locking}
        """;

    private static string PickSql(DueColumn column, string columns, string locking) => $"""
        select {columns} from {column.Table}
        where {column.DueTime} is not null and {column.DueTime} <= @p2{(column.Predicate is { } sql ? $" and ({sql})" : "")}
        order by {column.DueTime} limit @p3 {locking}
        """;

    private static Value[] AllOf(DueClaim claim) =>
        [claim.Claimant, claim.Until, claim.Now, claim.Limit, .. claim.Kinds.Select(Value.FromString)];

    private static Value[] TimesOf(DueClaim claim) => [claim.Until, claim.Now, claim.Limit];

    private static DueItem ItemOf(DbDataReader row, int more) => new(
        row.GetString(0), row.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
        (int)row.GetInt64(3) + more, row.IsDBNull(4) ? null : row.GetString(4));

    private static DueItem ItemOf(DbDataReader row, DueColumn column, DueClaim claim) => new(
        column.Kind,
        column.Key.Type == ColumnType.Number ? row.GetInt64(0).ToString(CultureInfo.InvariantCulture) : row.GetString(0),
        claim.Now, 1);
}
