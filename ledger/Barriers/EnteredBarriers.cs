namespace Mall.Ledger;

/// <summary>
/// What came of entering many barriers, and what that means for each. Keys of one batch differ in more than the op, so the op is
/// left out here.
/// </summary>
internal sealed class EnteredBarriers
{
    /// <summary>Whose action's row was inserted now.</summary>
    public HashSet<(string Gid, string BranchId, string BarrierId)> Origins { get; } = [];

    /// <summary>Whose own row was inserted now.</summary>
    public HashSet<(string Gid, string BranchId, string BarrierId)> Own { get; } = [];

    /// <summary>For those that need it: the reason of the row that was there.</summary>
    public Dictionary<(string Gid, string BranchId, string BarrierId), string> Reasons { get; } = [];

    /// <summary>The order in which every process inserts barrier rows, so that two that insert the same never deadlock.</summary>
    public static int Compare(BarrierKey one, BarrierKey other)
    {
        var order = string.CompareOrdinal(one.Gid, other.Gid);
        if (order == 0) order = string.CompareOrdinal(one.BranchId, other.BranchId);
        if (order == 0) order = string.CompareOrdinal(one.Op, other.Op);
        return order == 0 ? string.CompareOrdinal(one.BarrierId, other.BarrierId) : order;
    }

    /// <summary>The keys of those that are no suspects, sorted; who holds what cannot be stored becomes one.</summary>
    public static void CollectKeys(Batch batch, List<BarrierKey> keys)
    {
        keys.Clear();
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.IsSuspect(i)) continue;
            if (StorableValues.FaultOf(batch[i]) is not null) batch.Suspect(i);
            else if (batch[i].Barrier is { } key) keys.Add(key);
        }

        keys.Sort(Compare);
    }

    /// <summary>Tells a batch what came of its barriers.</summary>
    /// <param name="batch">Its suspects are left out.</param>
    /// <param name="entered">Null: the statement failed, nobody knows for whose key, and all who have one are suspects.</param>
    public static void Settle(Batch batch, EnteredBarriers? entered)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.IsSuspect(i)) continue;
            var outcome = batch[i].Barrier is { } key ? entered?.OutcomeOf(key) : null;
            batch.Settle(i, outcome ?? CommitOutcome.Applied);
            if (batch[i].Barrier is not null && entered is null) batch.Suspect(i);
            else if (outcome is null) batch.Proceed(i);
        }
    }

    public bool NeedsReason(BarrierKey key) => !Own.Contains(Short(key)) && !Origins.Contains(Short(key));

    /// <inheritdoc cref="Barrier.Decide"/>
    public CommitOutcome? OutcomeOf(BarrierKey key) => Barrier.Decide(
        key.Op, Origins.Contains(Short(key)), Own.Contains(Short(key)), () => Reasons.GetValueOrDefault(Short(key)));

    private static (string, string, string) Short(BarrierKey key) => (key.Gid, key.BranchId, key.BarrierId);
}
