namespace Mall.Ledger.Stores;

/// <summary>A statement with its parameters, <c>@p1</c>, <c>@p2</c> and so on.</summary>
public readonly record struct Statement<T>(Query<T> Query, params Value[] Parameters)
{
    /// <summary>Locks the rows that nobody else has locked, and passes over the others. For servers.</summary>
    internal Statement<T> Locking() => new(Query with { Sql = Query.Sql + " for update skip locked" }, Parameters);

    internal async Task<IReadOnlyList<T>> ReadAsync(DbConnection connection, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Query.Sql;
        if (Query.Timeout is { } timeout) command.CommandTimeout = (int)timeout.TotalSeconds;
        foreach (var (i, value) in Parameters.Index())
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"p{i + 1}", value.ToObject());
            command.Parameters.Add(parameter);
        }

        // All answers are read: one that is lost is not taken for a good one.
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        do
            while (await reader.ReadAsync(cancellationToken)) rows.Add(Query.Map(reader));
        while (await reader.NextResultAsync(cancellationToken));
        return rows;
    }
}

/// <summary>Rows of a table, at most as many as the second parameter says, and what is written to them.</summary>
public readonly record struct Pick<T>(
    string Table, Statement<T> Rows, Func<IReadOnlyList<T>, IEnumerable<Statement<long>>> Write);

/// <summary>What is neither a batch nor anybody's query, in words that every store understands.</summary>
internal static class ShortQueries
{
    /// <summary>Reserves ids, where a statement can return what it wrote.</summary>
    public static readonly Query<long> ReserveIds = Number("""
        insert into id_blocks as t (name, next) values (@p1, 1 + @p2)
        on conflict (name) do update set next = t.next + @p2
        returning next - @p2
        """);

    public static Query<long> Number(string sql) => new(sql, static row => row.GetInt64(0));

    /// <summary>Claims due work, oldest first: nobody else gets it until the claim runs out. A due column's time moves to the end
    /// of the claim.</summary>
    public static Pick<DueItem> Claim(DueClaim claim) => claim.Column is { } column ? Claim(column, claim) : new(
        "due",
        new Statement<DueItem>(
            new Query<DueItem>($"""
                select kind, "key", attempts, payload from due
                where due_time <= @p1 and (claimed_until is null or claimed_until <= @p1)
                  and kind in ({List(3, claim.Kinds.Count)})
                order by due_time limit @p2
                """,
                row => new DueItem(
                    row.GetString(0), row.GetString(1), (int)row.GetInt64(2) + 1, row.IsDBNull(3) ? null : row.GetString(3))),
            [claim.Now, claim.Limit, .. claim.Kinds.Select(kind => (Value)kind)]),
        items =>
        [
            new(Number("update due set claimed_by = @p1, claimed_until = @p2, attempts = attempts + 1 where "
                    + string.Join(" or ", items.Select((_, i) => $"(kind = @p{(2 * i) + 3} and \"key\" = @p{(2 * i) + 4})"))),
                [claim.Claimant, claim.Until, .. items.SelectMany(item => (Value[])[item.Kind, item.Key])]),
        ]);

    /// <summary>Removes sagas that ended before a time, the oldest first, with their barrier rows and branches.</summary>
    public static Pick<string> CleanUp(DateTimeOffset before, int limit) => new(
        "sagas",
        new Statement<string>(
            new("select gid from sagas where finish_time < @p1 order by finish_time limit @p2", row => row.GetString(0)),
            before, limit),
        gids => ((string[])["sagas", "saga_branches", "transaction_branches", "barrier"]).Select(table => new Statement<long>(
            Number($"delete from {table} where gid in ({List(1, gids.Count)})"), [.. gids.Select(gid => (Value)gid)])));

    private static Pick<DueItem> Claim(DueColumn column, DueClaim claim) => new(
        column.Table.Name,
        new Statement<DueItem>(
            new Query<DueItem>($"""
                select {column.Key} from {column.Table} where {column.DueTime} is not null and {column.DueTime} <= @p1
                {(column.Predicate is { } sql ? $"and ({sql})" : "")} order by {column.DueTime} limit @p2
                """,
                row => new DueItem(column.Kind, Convert.ToString(row.GetValue(0), CultureInfo.InvariantCulture)!, 1)),
            claim.Now, claim.Limit),
        items =>
        [
            new(Number($"update {column.Table} set {column.DueTime} = @p1 where {column.Key} in ({List(2, items.Count)})"),
                [claim.Until, .. items.Select(column.KeyOf)]),
        ]);

    private static string List(int first, int count) => string.Join(", ", Enumerable.Range(first, count).Select(i => $"@p{i}"));
}
