namespace Mall.Ledger.Stores;

/// <summary>The parts of the statement that a shape of changes becomes, in the words of one dialect.</summary>
/// <param name="column">A column's name in an expression.</param>
/// <param name="value">Where value n of a change is found.</param>
/// <param name="isSame">Compares so that null matches null.</param>
internal sealed class ShapeSql(Func<Column, string> column, Func<int, string> value, string isSame)
{
    /// <summary>Shapes live in static fields: past this somebody makes them anew, and what is kept by shape goes.</summary>
    public const int MostShapes = 4_096;

    /// <param name="shape">An update.</param>
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
    public string Conditions(RowShape shape) => string.Join(" and ", shape.Columns.Index().Select(c => c.Item.Role switch
    {
        ColumnRole.Key => $"{column(c.Item.Column)} = {value(c.Index)}",
        ColumnRole.Guard => $"{column(c.Item.Column)} {isSame} {value(c.Index)}",
        ColumnRole.AddNotNegative => $"{column(c.Item.Column)} + {value(c.Index)} >= 0",
        _ => null,
    }).OfType<string>());
}
