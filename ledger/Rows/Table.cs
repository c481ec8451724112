namespace Mall.Ledger;

/// <summary>What a column holds; each store maps it to a type of its own.</summary>
public enum ColumnType
{
    /// <summary>A 64-bit integer: ids, money in minor units, statuses, Unix milliseconds.</summary>
    Number,

    /// <summary>Unicode text.</summary>
    Text,
}

/// <summary>A column, as the migrations create it. MySQL's tables hold its default where an insert leaves it out.</summary>
public sealed record Column(string Name, ColumnType Type, Value Default = default)
{
    public override string ToString() => Name;
}

/// <summary>A table as grains write to it. Make shapes of changes once: a store keeps a statement for each.</summary>
public sealed class Table(string name, params Column[] key)
{
    public string Name { get; } = name;
    public IReadOnlyList<Column> Key { get; } = key;

    /// <summary>Inserts a row. One with the same primary key or another unique value is a conflict.</summary>
    public RowShape Insert(params Column[] columns) => new(this, RowOperation.Insert,
        [.. columns.Select(c => (c, Key.Contains(c) ? ColumnRole.Key : ColumnRole.Set))]);

    /// <summary>Updates the row with the given primary key. See <see cref="RowShape"/> for guards, sets and adds.</summary>
    public RowShape Update() => new(this, RowOperation.Update, [.. Key.Select(c => (c, ColumnRole.Key))]);

    /// <summary>Deletes the row with the given primary key. No row, or a guard that fails, is a conflict.</summary>
    public RowShape Delete() => new(this, RowOperation.Delete, [.. Key.Select(c => (c, ColumnRole.Key))]);

    public override string ToString() => Name;
}
