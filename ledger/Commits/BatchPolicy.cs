namespace Mall.Ledger;

/// <summary>What goes into the next batch: the oldest write sets that can share a transaction without their order mattering. Two
/// never share one when they touch
/// <list type="bullet">
/// <item>the same barrier key (gid, branch and barrier id; an action and its compensation, or a repeat), or</item>
/// <item>the same row, unless both only add to it, by the same shape and under equal guards: those are summed.</item></list>
/// A barrier row that is one of the changes is a row like any other. Of two that conflict, the older goes first; whoever
/// conflicts with neither may overtake both. Pure: no clock, no thread, no database. One instance serves one committer.</summary>
/// <param name="maxBytes">A single write set that is larger gets a batch of its own.</param>
internal sealed class BatchPolicy(int maxWriteSets, int maxBytes)
{
    /// <summary>How many may be passed over before the search ends: the queue may be full of one row's.</summary>
    internal const int MaxPassedOver = 1_024;

    // For every key that a batch member, or somebody older who was passed over, touches: the change that others may be added to.
    // The default, to which nothing can be added, for barrier keys and for rows that nobody may have any more.
    private readonly Dictionary<long, RowChange> _touched = [];

    /// <summary>Fills the empty batch from those that wait, oldest first. Takes at least one if one waits.</summary>
    public void Fill(Batch batch, IEnumerable<PendingCommit> waiting)
    {
        _touched.Clear();
        var passedOver = 0;
        foreach (var pending in waiting)
        {
            if (batch.Count == maxWriteSets || (batch.Count > 0 && batch.Bytes + pending.Bytes > maxBytes)) break;
            if (CanJoin(pending)) batch.Add(pending);
            else if (++passedOver == MaxPassedOver) break;
            Touch(pending);
        }
    }

    private bool CanJoin(PendingCommit pending)
    {
        var keys = pending.Keys;
        if (keys[0] != ConflictKeys.None && _touched.ContainsKey(keys[0])) return false;
        for (var i = 1; i < keys.Length; i++)
        {
            var isTouched = _touched.TryGetValue(keys[i], out var change);
            if (isTouched && !CanBeSummed(change, pending.Writes.Changes[i - 1])) return false;
        }

        return true;
    }

    // Later ones share its rows only to add what it adds to, and overtake it on none of its keys otherwise: sums commute.
    private void Touch(PendingCommit pending)
    {
        var keys = pending.Keys;
        if (keys[0] != ConflictKeys.None) _touched.TryAdd(keys[0], default);
        for (var i = 1; i < keys.Length; i++)
        {
            var change = pending.Writes.Changes[i - 1];
            if (!_touched.TryAdd(keys[i], change) && !CanBeSummed(_touched[keys[i]], change)) _touched[keys[i]] = default;
        }
    }

    private static bool CanBeSummed(in RowChange one, in RowChange other)
    {
        if (one.Shape is not { OnlyAdds: true } shape || !ReferenceEquals(shape, other.Shape)) return false;
        var columns = shape.Columns;
        for (var i = 0; i < columns.Count; i++)
            if (columns[i].Role is ColumnRole.Key or ColumnRole.Guard && one.Values[i] != other.Values[i]) return false;
        return true;
    }
}
