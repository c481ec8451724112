namespace Mall.Ledger.Stores;

/// <summary>
/// One change as it is sent to the database: that of one write set, or the sum of what several add to the same row under equal
/// guards. A hot row is thus written once a batch, however many wanted it.
/// </summary>
public struct MergedChange
{
    private bool _ownsValues;

    /// <summary>How many write sets it stands for; 0 when none of them may proceed, then there is nothing to send.</summary>
    public int Contributors { get; private set; }

    public RowShape Shape { readonly get; private set; }

    public Value[] Values { readonly get; private set; }

    internal void Clear() => this = default;

    internal void Add(in RowChange change)
    {
        if (Contributors++ == 0)
        {
            (Shape, Values) = change; // Nobody else's array is written to: the first sum below copies it.
            return;
        }

        if (!_ownsValues) (Values, _ownsValues) = ([.. Values], true);
        var columns = Shape.Columns;
        for (var i = 0; i < columns.Count; i++)
            if (columns[i].Role is ColumnRole.Add or ColumnRole.AddNotNegative)
                Values[i] = unchecked(Values[i].Number + change.Values[i].Number);
    }
}
