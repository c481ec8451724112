namespace Mall.Ledger.Stores;

/// <summary>The parts of the statement that a shape of changes becomes, in the words of one dialect.</summary>
/// <param name="value">Where value n of a change is found.</param>
/// <param name="isSame">Compares so that null matches null.</param>
internal sealed class ShapeSql(Func<Column, string> column, Func<int, string> value, string isSame)
{
    /// <summary>The columns that an insert names; its position, if it has one, comes last.</summary>
    public static string Inserted(RowShape shape, Func<Column, string> name) =>
        string.Join(", ", shape.Columns.Select(c => name(c.Column))) + (shape.IsListed ? ", position" : "");

    /// <param name="target">A column's name where it is assigned to.</param>
    public string Sets(RowShape shape, Func<Column, string> target)
    {
        var sets = shape.Columns.Index().Select(c => c.Item.Role switch
        {
            ColumnRole.Set => $"{target(c.Item.Column)} = {value(c.Index)}",
            ColumnRole.Add or ColumnRole.AddNotNegative =>
                $"{target(c.Item.Column)} = {column(c.Item.Column)} + {value(c.Index)}",
            _ => null,
        }).OfType<string>().ToList();

        // A shape that only guards still has to find its row, and to lock it: it sets a key to itself.
        return sets.Count > 0 ? string.Join(", ", sets) : $"{target(shape.Table.Key[0])} = {column(shape.Table.Key[0])}";
    }

    /// <summary>What a row must meet to be the one that a change means, as the change expects it.</summary>
    public string Conditions(RowShape shape) => Conditions(shape, ColumnRole.Key, ColumnRole.Guard, ColumnRole.AddNotNegative);

    /// <summary>The part of it that columns in these roles have; true when there are none.</summary>
    public string Conditions(RowShape shape, params ReadOnlySpan<ColumnRole> roles)
    {
        var conditions = new List<string>();
        foreach (var (i, (name, role)) in shape.Columns.Index())
            if (roles.Contains(role)) conditions.Add(role switch
            {
                ColumnRole.Key => $"{column(name)} = {value(i)}",
                ColumnRole.Guard => $"{column(name)} {isSame} {value(i)}",
                _ => $"{column(name)} + {value(i)} >= 0",
            });
        return conditions.Count == 0 ? "true" : string.Join(" and ", conditions);
    }
}
