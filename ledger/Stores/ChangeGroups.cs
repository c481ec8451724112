namespace Mall.Ledger.Stores;

/// <summary>
/// The changes of a batch by shape, for stores that send one statement a shape: by table, and within one by primary key, so that
/// batches of two silos meet in the same rows in the same order, and wait instead of deadlocking. What is left (two shapes of one
/// table, unique values) the database finds out. Not thread-safe.
/// </summary>
internal sealed class ChangeGroups
{
    private readonly Dictionary<RowShape, ChangeGroup> _byShape = [];
    private readonly List<ChangeGroup> _groups = [];

    /// <summary>Those that have changes, in order.</summary>
    public IReadOnlyList<ChangeGroup> Groups => _groups;

    /// <summary>Takes what proceeded in the batch, in place of what it held.</summary>
    public void Collect(Batch batch)
    {
        foreach (var group in _groups) group.Changes.Clear();
        _groups.Clear();
        if (_byShape.Count > ShapeSql.MostShapes) _byShape.Clear();
        var changes = batch.Changes;
        for (var i = 0; i < changes.Length; i++)
        {
            if (!_byShape.TryGetValue(changes[i].Shape, out var group))
                _byShape[changes[i].Shape] = group = new ChangeGroup(changes[i].Shape);
            if (group.Changes.Count == 0) _groups.Add(group);
            group.Changes.Add((i, changes[i].Values));
        }

        _groups.Sort(static (one, other) => string.CompareOrdinal(one.Order, other.Order));
        foreach (var group in _groups) group.Changes.Sort(group.ByKey);
    }
}

/// <summary>Changes of one shape.</summary>
internal sealed class ChangeGroup(RowShape shape)
{
    public RowShape Shape { get; } = shape;

    /// <summary>The changes by primary key, each with its position in <see cref="Batch.Changes"/>.</summary>
    public List<(int Position, Value[] Values)> Changes { get; } = [];

    public string Order { get; } = $"{shape.Table.Name}\0{shape}";

    public Comparison<(int Position, Value[] Values)> ByKey { get; } = (one, other) =>
        Compare(shape.KeyPositions, one.Values, other.Values);

    private static int Compare(int[] keys, Value[] one, Value[] other)
    {
        foreach (var key in keys)
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
