namespace Mall.Ledger;

/// <summary>What a change does to its row.</summary>
public enum RowOperation { Insert, Update, Delete }

/// <summary>What a column is for in a shape; the order of the roles is the order of a change's values.</summary>
public enum ColumnRole
{
    /// <summary>Part of the primary key that finds the row.</summary>
    Key,

    /// <summary>Must hold the given value (null matches null), else the write set is a conflict: the fence.</summary>
    Guard,

    /// <summary>Set to the given value.</summary>
    Set,

    /// <summary>The given number is added. Adds to one row are summed within a batch.</summary>
    Add,

    /// <summary>Added like <see cref="Add"/>, and the result must not be negative, else the write set is a conflict.</summary>
    AddNotNegative,
}

/// <summary>Which table, and which columns in which roles. Make each once in a static field, and give it values with
/// <see cref="With"/>, in the order in which the columns were named (keys first).</summary>
public sealed class RowShape
{
    private readonly int[] _added; // Where the values stand that are added.
    private readonly string _words;

    internal RowShape(Table table, RowOperation operation, (Column Column, ColumnRole Role)[] columns)
    {
        (Table, Operation, Columns) = (table, operation, columns);
        OnlyAdds = operation == RowOperation.Update && !Columns.Any(c => c.Role == ColumnRole.Set);
        KeyPositions = [.. table.Key.Select(key => Array.IndexOf(columns, (key, ColumnRole.Key)))];
        _added = [.. Columns.Index().Where(c => c.Item.Role >= ColumnRole.Add).Select(c => c.Index)];
        _words = $"{operation} {table} ({string.Join(", ", Columns.Select(c => $"{c.Role} {c.Column}"))})";
        if (KeyPositions.Contains(-1)) throw new ArgumentException($"{_words} lacks a part of the primary key.", nameof(columns));
    }

    public Table Table { get; }
    public RowOperation Operation { get; }

    /// <inheritdoc cref="Listed"/>
    public bool IsListed { get; private init; }

    /// <summary>The columns, in the order of a change's values.</summary>
    public IReadOnlyList<(Column Column, ColumnRole Role)> Columns { get; }

    /// <summary>Changes of this shape to one row may be summed within a batch: it adds and guards, and sets nothing.</summary>
    public bool OnlyAdds { get; }

    /// <summary>Where the values of the primary key stand in a change, in the order of <see cref="Table.Key"/>.</summary>
    internal int[] KeyPositions { get; }

    /// <summary>What is inserted gets, in the column <c>position</c>, the place of its commit among all: see
    /// <see cref="ILedger.SettledAsync"/>.</summary>
    public RowShape Listed() => Operation == RowOperation.Insert
        ? new(Table, Operation, [.. Columns]) { IsListed = true }
        : throw new InvalidOperationException($"{Operation} of {Table} moves nothing in its list.");

    /// <summary>Demands that the column holds a value.</summary>
    public RowShape Guard(params Column[] columns) => And(ColumnRole.Guard, columns);

    public RowShape Set(params Column[] columns) => And(ColumnRole.Set, columns);
    public RowShape Add(params Column[] columns) => And(ColumnRole.Add, columns);

    /// <summary>Adds, and demands a result of at least zero.</summary>
    public RowShape AddNotNegative(params Column[] columns) => And(ColumnRole.AddNotNegative, columns);

    /// <summary>A change of this shape: one value a column, in their order. What is added is a number.</summary>
    public RowChange With(params Value[] values)
    {
        if (values.Length != Columns.Count)
            throw new ArgumentException($"{this} takes {Columns.Count} values, not {values.Length}.", nameof(values));
        foreach (var at in _added)
            if (!values[at].IsNumber)
                throw new ArgumentException($"{this} adds a number to {Columns[at].Column}, not {values[at]}.", nameof(values));
        return new RowChange(this, values);
    }

    public override string ToString() => _words;

    private RowShape And(ColumnRole role, Column[] columns) =>
        (Operation, role) is (RowOperation.Update, _) or (RowOperation.Delete, ColumnRole.Guard)
            ? new(Table, Operation, [.. Columns, .. columns.Select(c => (c, role))])
            : throw new InvalidOperationException($"{Operation} of {Table} takes no {role}.");
}

/// <summary>One change of one row: a shape and its values, in the order of the shape's columns.</summary>
public readonly record struct RowChange(RowShape Shape, Value[] Values);
