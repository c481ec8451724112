using System.Globalization;
using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// Claims due work: one statement that marks the oldest rows whose time has come and returns them. Rows that another process is
/// claiming at the moment are skipped, so claimants never wait for each other. When nothing is due nothing is written.
/// </summary>
internal static class PostgresClaims
{
    // "materialized", because a subquery with a limit that is evaluated twice claims twice as much.
    private const string Claim = """
        with picked as materialized (
          select kind, key from due
          where due_time <= $3 and (claimed_until is null or claimed_until <= $3) and kind = any($5)
          order by due_time limit $4
          for no key update skip locked)
        update due as t set claimed_by = $1, claimed_until = $2, attempts = attempts + 1
        from picked where t.kind = picked.kind and t.key = picked.key
        returning t.kind, t.key, t.due_time, t.attempts, t.payload
        """;

    public static async Task<IReadOnlyList<DueItem>> ClaimAsync(NpgsqlDataSource pool, DueClaim claim)
    {
        await using var command = pool.CreateCommand(Claim);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = claim.Claimant });
        command.Parameters.Add(Number(claim.Until.ToUnixTimeMilliseconds()));
        command.Parameters.Add(Number(claim.Now.ToUnixTimeMilliseconds()));
        command.Parameters.Add(Number(claim.Limit));
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. claim.Kinds] });
        await using var reader = await command.ExecuteReaderAsync();
        var items = new List<DueItem>();
        while (await reader.ReadAsync())
        {
            items.Add(new DueItem(
                reader.GetString(0),
                reader.GetString(1),
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(2)),
                (int)reader.GetInt64(3),
                reader.IsDBNull(4) ? null : reader.GetString(4)));
        }

        items.Sort(static (one, other) => one.DueTime.CompareTo(other.DueTime)); // An update returns its rows in any order.
        return items;
    }

    public static async Task<IReadOnlyList<DueItem>> ClaimAsync(NpgsqlDataSource pool, DueColumn column, DueClaim claim)
    {
        var (table, key, time) = (column.Table, column.Key, column.DueTime);
        var predicate = column.Predicate is { } sql ? $" and ({sql})" : "";
#pragma warning disable CA2100 // Names of tables and columns, which are constants of the program.
        await using var command = pool.CreateCommand($"""
            with picked as materialized (
              select {key} from {table} where {time} is not null and {time} <= $2{predicate}
              order by {time} limit $3
              for no key update skip locked)
            update {table} as t set {time} = $1 from picked where t.{key} = picked.{key}
            returning t.{key}
            """);
#pragma warning restore CA2100
        command.Parameters.Add(Number(claim.Until.ToUnixTimeMilliseconds()));
        command.Parameters.Add(Number(claim.Now.ToUnixTimeMilliseconds()));
        command.Parameters.Add(Number(claim.Limit));
        await using var reader = await command.ExecuteReaderAsync();
        var items = new List<DueItem>();
        while (await reader.ReadAsync())
        {
            var text = key.Type == ColumnType.Number
                ? reader.GetInt64(0).ToString(CultureInfo.InvariantCulture)
                : reader.GetString(0);
            items.Add(new DueItem(column.Kind, text, claim.Now, 1));
        }

        return items;
    }

    private static NpgsqlParameter<long> Number(long value) => new() { TypedValue = value };
}
