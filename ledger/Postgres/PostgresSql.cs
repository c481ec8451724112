namespace Mall.Ledger.Postgres;

/// <summary>
/// The statement that a shape of changes becomes: parameter <c>$n</c> is an array with value n of every change, so that one
/// statement writes any number of rows and is prepared once for all of them.
/// </summary>
internal static class PostgresSql
{
    /// <summary>Without its end: <see cref="Checked"/> or <see cref="Returning"/> makes it whole.</summary>
    public static string For(RowShape shape)
    {
        var rows = $"unnest({string.Join(", ", shape.Columns.Select((c, i) => $"${i + 1}::{TypeOf(c.Column)}[]"))}) "
            + $"as v({string.Join(", ", shape.Columns.Select((_, i) => $"c{i + 1}"))})";
        return shape.Operation switch
        {
            // "do nothing" makes a row that is there already a row that is missing from the result, where an error would end the
            // transaction.
            RowOperation.Insert => $"insert into {shape.Table} as t ({string.Join(", ", shape.Columns.Select(c => c.Column))}) "
                + $"select * from {rows} on conflict do nothing",
            RowOperation.Update => $"update {shape.Table} as t set {Sets(shape)} from {rows} where {Conditions(shape)}",
            _ => $"delete from {shape.Table} as t using {rows} where {Conditions(shape)}",
        };
    }

    /// <summary>
    /// Fails, by dividing by zero, unless it changes as many rows as parameter <paramref name="expected"/> says. In one round
    /// trip with the statements around it, that undoes them all.
    /// </summary>
    public static string Checked(string sql, int expected) =>
        $"with changed as ({sql} returning 1) select 1 / (count(*) = ${expected})::int from changed";

    /// <summary>Tells the primary keys of the rows that it changed.</summary>
    public static string Returning(string sql, Table table) =>
        $"{sql} returning {string.Join(", ", table.Key.Select(c => $"t.{c}"))}";

    private static string TypeOf(Column column) => column.Type == ColumnType.Number ? "bigint" : "text";

    private static string Sets(RowShape shape)
    {
        var sets = shape.Columns.Index().Select(c => c.Item.Role switch
        {
            ColumnRole.Set => $"{c.Item.Column} = v.c{c.Index + 1}",
            ColumnRole.Add or ColumnRole.AddNotNegative => $"{c.Item.Column} = t.{c.Item.Column} + v.c{c.Index + 1}",
            _ => null,
        }).OfType<string>().ToList();

        // A shape that only guards still has to find its row, and to lock it: it sets a key to itself.
        return sets.Count > 0 ? string.Join(", ", sets) : $"{shape.Table.Key[0]} = t.{shape.Table.Key[0]}";
    }

    private static string Conditions(RowShape shape) => string.Join(" and ", shape.Columns.Index().Select(c => c.Item.Role switch
    {
        ColumnRole.Key => $"t.{c.Item.Column} = v.c{c.Index + 1}",
        ColumnRole.Guard => $"t.{c.Item.Column} is not distinct from v.c{c.Index + 1}", // Null matches null.
        ColumnRole.AddNotNegative => $"t.{c.Item.Column} + v.c{c.Index + 1} >= 0",
        _ => null,
    }).OfType<string>());
}
