namespace Mall.Ledger.Stores;

/// <summary>One change as it is sent to the database: that of one write set, or the sum of what several add to the same row under
/// equal guards. A hot row is thus written once a batch, however many wanted it.</summary>
public struct MergedChange
{
    private bool _ownsValues; // Nobody else's array is written to: the first sum copies it.

    internal MergedChange(in RowChange change, long key) => ((Shape, Values), Key, Contributors) = (change, key, 1);

    /// <summary>How many write sets it stands for.</summary>
    public int Contributors { readonly get; private set; }

    public RowShape Shape { get; }

    public Value[] Values { readonly get; private set; }

    /// <summary>The row's: one of <see cref="ConflictKeys"/>.</summary>
    internal long Key { get; }

    internal void Add(in RowChange change)
    {
        Contributors++;
        if (!_ownsValues) (Values, _ownsValues) = ([.. Values], true);
        var columns = Shape.Columns;
        for (var i = 0; i < columns.Count; i++)
            if (columns[i].Role is ColumnRole.Add or ColumnRole.AddNotNegative)
                Values[i] = unchecked(Values[i].Number + change.Values[i].Number);
    }
}
