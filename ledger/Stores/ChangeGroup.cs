namespace Mall.Ledger.Stores;

/// <summary>Changes of one shape by primary key, for stores that send one statement a shape.</summary>
internal sealed class ChangeGroup(RowShape shape)
{
    public RowShape Shape { get; } = shape;

    /// <summary>The changes, each with its position in <see cref="Batch.Changes"/>.</summary>
    public List<(int Position, Value[] Values)> Changes { get; } = [];

    /// <summary>What proceeded in the batch: by table, and within one by primary key, so that batches of two silos meet in the
    /// same rows in the same order, and wait instead of deadlocking. What is left (two shapes of one table, unique values) the
    /// database finds out.</summary>
    public static List<ChangeGroup> Of(Batch batch)
    {
        var groups = new Dictionary<RowShape, ChangeGroup>();
        for (var i = 0; i < batch.Changes.Length; i++)
        {
            var (shape, values) = (batch.Changes[i].Shape, batch.Changes[i].Values);
            if (!groups.TryGetValue(shape, out var group)) groups[shape] = group = new ChangeGroup(shape);
            group.Changes.Add((i, values));
        }

        foreach (var group in groups.Values) group.Sort();
        return [.. groups.Values.OrderBy(group => $"{group.Shape.Table}\0{group.Shape}", StringComparer.Ordinal)];
    }

    public void Sort() => Changes.Sort((one, other) => Compare(one.Values, other.Values));

    private int Compare(Value[] one, Value[] other)
    {
        foreach (var key in Shape.KeyPositions)
        {
            var order = (one[key].IsNumber, other[key].IsNumber) switch
            {
                (true, true) => one[key].Number.CompareTo(other[key].Number),
                (false, false) => string.CompareOrdinal(one[key].Text, other[key].Text),
                var (isNumber, _) => isNumber ? -1 : 1, // A fault of one of the two; the database says which.
            };
            if (order != 0) return order;
        }

        return 0;
    }
}
