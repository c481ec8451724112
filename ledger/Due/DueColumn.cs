namespace Mall.Ledger;

/// <summary>Due work that costs no row of its own: its time is a column of its owner's row, null when there is nothing to do. To
/// claim it moves that time ahead, so if nobody finishes the work it is due again by itself. The owner clears or moves the time
/// in the write set that finishes the work, without a guard on it.</summary>
/// <param name="Table">The owner's table; its primary key is one column.</param>
/// <param name="DueTime">Unix milliseconds, or null.</param>
/// <param name="Predicate">Portable SQL that a row has to meet besides, over its own columns; or null.</param>
public sealed record DueColumn(string Kind, Table Table, Column DueTime, string? Predicate = null)
{
    public Column Key { get; } = Table.Key is [var key] ? key
        : throw new ArgumentException($"{Table} has a primary key of several columns.", nameof(Table));

    /// <summary>Moves the time, unless another one stands there meanwhile.</summary>
    internal RowShape Move { get; } = Table.Update().Guard(DueTime).Set(DueTime);

    internal Value KeyOf(DueItem item) => Key.Type == ColumnType.Number
        ? long.Parse(item.Key, CultureInfo.InvariantCulture) : item.Key;
}
