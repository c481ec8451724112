namespace Mall.Ledger.Postgres;

/// <summary>
/// The statement that a shape of changes becomes: parameter <c>$n</c> is an array with value n of every change, so that one
/// statement writes any number of rows and is prepared once for all of them.
/// </summary>
internal static class PostgresSql
{
    private static readonly ShapeSql s_parts = new(c => $"t.{c}", i => $"v.c{i + 1}", "is not distinct from");

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
            RowOperation.Update => $"update {shape.Table} as t set {s_parts.Sets(shape, c => c.Name)} from {rows} "
                + $"where {s_parts.Conditions(shape)}",
            _ => $"delete from {shape.Table} as t using {rows} where {s_parts.Conditions(shape)}",
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
}
