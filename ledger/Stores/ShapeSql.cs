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
    public string Sets(RowShape shape, Func<Column, string> target) => string.Join(", ", shape.Columns.Index()
        .Where(c => c.Item.Role is not (ColumnRole.Key or ColumnRole.Guard))
        .Select(c => $"{target(c.Item.Column)} = "
            + (c.Item.Role == ColumnRole.Set ? value(c.Index) : $"{column(c.Item.Column)} + {value(c.Index)}"))
        // A shape that only guards still has to find its row, and to lock it: it sets a key to itself.
        .DefaultIfEmpty($"{target(shape.Table.Key[0])} = {column(shape.Table.Key[0])}"));

    /// <summary>What a row must meet to be the one that a change means, as the change expects it.</summary>
    public string Conditions(RowShape shape) => Conditions(shape, ColumnRole.Key, ColumnRole.Guard, ColumnRole.AddNotNegative);

    /// <summary>The part of it that columns in these roles have; true when there are none.</summary>
    public string Conditions(RowShape shape, params ColumnRole[] roles) => string.Join(" and ", shape.Columns.Index()
        .Where(c => roles.Contains(c.Item.Role))
        .Select(c => c.Item.Role switch
        {
            ColumnRole.Key => $"{column(c.Item.Column)} = {value(c.Index)}",
            ColumnRole.Guard => $"{column(c.Item.Column)} {isSame} {value(c.Index)}",
            _ => $"{column(c.Item.Column)} + {value(c.Index)} >= 0",
        })
        .DefaultIfEmpty("true"));
}
