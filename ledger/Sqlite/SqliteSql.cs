using System.Text;

namespace Mall.Ledger.Sqlite;

/// <summary>
/// The statement that a shape of changes becomes: parameter <c>?n</c> is value n of the change, whatever its role.
/// </summary>
internal static class SqliteSql
{
    public static string For(RowShape shape) => shape.Operation switch
    {
        RowOperation.Insert => Insert(shape),
        RowOperation.Update => $"update {shape.Table} set {Sets(shape)} where {Conditions(shape)}",
        _ => $"delete from {shape.Table} where {Conditions(shape)}",
    };

    private static string Insert(RowShape shape) =>
        $"insert into {shape.Table} ({string.Join(", ", shape.Columns.Select(c => c.Column))}) "
        + $"values ({string.Join(", ", shape.Columns.Select((_, i) => $"?{i + 1}"))})";

    private static string Sets(RowShape shape)
    {
        var sets = new List<string>();
        for (var i = 0; i < shape.Columns.Count; i++)
        {
            var (column, role) = (shape.Columns[i].Column, shape.Columns[i].Role);
            if (role == ColumnRole.Set) sets.Add($"{column} = ?{i + 1}");
            else if (role is ColumnRole.Add or ColumnRole.AddNotNegative) sets.Add($"{column} = {column} + ?{i + 1}");
        }

        // A shape that only guards still has to find its row: it sets a key to itself.
        return sets.Count > 0 ? string.Join(", ", sets) : $"{shape.Table.Key[0]} = {shape.Table.Key[0]}";
    }

    private static string Conditions(RowShape shape)
    {
        var sql = new StringBuilder();
        for (var i = 0; i < shape.Columns.Count; i++)
        {
            var (column, role) = (shape.Columns[i].Column, shape.Columns[i].Role);
            var condition = role switch
            {
                ColumnRole.Key => $"{column} = ?{i + 1}",
                ColumnRole.Guard => $"{column} is ?{i + 1}", // Null matches null.
                ColumnRole.AddNotNegative => $"{column} + ?{i + 1} >= 0",
                _ => null,
            };
            if (condition is null) continue;
            if (sql.Length > 0) sql.Append(" and ");
            sql.Append(condition);
        }

        return sql.ToString();
    }
}
