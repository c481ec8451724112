namespace Mall.Ledger.Sqlite;

/// <summary>The statement that a shape of changes becomes: parameter <c>?n</c> is value n, whatever its role.</summary>
internal static class SqliteSql
{
    private static readonly ShapeSql s_parts = new(c => c.Name, i => $"?{i + 1}", "is");

    public static string For(RowShape shape) => shape.Operation switch
    {
        RowOperation.Insert => $"insert into {shape.Table} ({string.Join(", ", shape.Columns.Select(c => c.Column))}) "
            + $"values ({string.Join(", ", shape.Columns.Select((_, i) => $"?{i + 1}"))})",
        RowOperation.Update => $"update {shape.Table} set {s_parts.Sets(shape, c => c.Name)} where {s_parts.Conditions(shape)}",
        _ => $"delete from {shape.Table} where {s_parts.Conditions(shape)}",
    };
}
