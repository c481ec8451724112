using System.Globalization;

namespace Mall.Ledger.Stores;

/// <summary>A row's primary key as one text, to compare what was asked for with what the database has done.</summary>
internal static class RowKey
{
    public static string Of(in RowChange change)
    {
        var positions = change.Shape.KeyPositions;
        if (positions.Length == 1) return Text(change.Values[positions[0]]);
        var values = change.Values;
        return string.Join('\0', positions.Select(position => Text(values[position])));
    }

    /// <param name="reader">Stands on a row of the key's columns, in the table's order.</param>
    /// <param name="table">The table.</param>
    public static string Of(DbDataReader reader, Table table) => table.Key.Count == 1
        ? Text(reader, 0, table.Key[0])
        : string.Join('\0', table.Key.Select((column, i) => Text(reader, i, column)));

    private static string Text(in Value value) =>
        value.IsNumber ? value.Number.ToString(CultureInfo.InvariantCulture) : value.Text ?? "";

    private static string Text(DbDataReader reader, int ordinal, Column column) => column.Type == ColumnType.Number
        ? reader.GetInt64(ordinal).ToString(CultureInfo.InvariantCulture)
        : reader.GetString(ordinal);
}
