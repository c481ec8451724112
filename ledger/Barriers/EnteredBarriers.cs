namespace Mall.Ledger;

/// <summary>
/// What came of entering many barriers with one statement for the rows of their origins and one for their own, and what that
/// means for each. Keys of one batch differ in more than the op, so the op is left out here.
/// </summary>
internal sealed class EnteredBarriers
{
    /// <summary>Whose action's row was inserted now.</summary>
    public HashSet<(string Gid, string BranchId, string BarrierId)> Origins { get; } = [];

    /// <summary>Whose own row was inserted now.</summary>
    public HashSet<(string Gid, string BranchId, string BarrierId)> Own { get; } = [];

    /// <summary>For those that need it: the reason of the row that was there.</summary>
    public Dictionary<(string Gid, string BranchId, string BarrierId), string> Reasons { get; } = [];

    /// <summary>
    /// The order in which every process inserts barrier rows, so that two that insert the same ones do not deadlock.
    /// </summary>
    public static int Compare(BarrierKey one, BarrierKey other)
    {
        var order = string.CompareOrdinal(one.Gid, other.Gid);
        if (order == 0) order = string.CompareOrdinal(one.BranchId, other.BranchId);
        if (order == 0) order = string.CompareOrdinal(one.Op, other.Op);
        return order == 0 ? string.CompareOrdinal(one.BarrierId, other.BarrierId) : order;
    }

    /// <summary>The row whose reason decides, when it does: of the action where the op has one, else of the op itself.</summary>
    public static string OpOfReason(BarrierKey key) => Barrier.HasOrigin(key.Op) ? BarrierOps.Action : key.Op;

    public bool NeedsReason(BarrierKey key) => !Own.Contains(Short(key)) && !Origins.Contains(Short(key));

    /// <inheritdoc cref="Barrier.Decide"/>
    public CommitOutcome? OutcomeOf(BarrierKey key) => Barrier.Decide(
        key.Op, Origins.Contains(Short(key)), Own.Contains(Short(key)), () => Reasons.GetValueOrDefault(Short(key)));

    private static (string, string, string) Short(BarrierKey key) => (key.Gid, key.BranchId, key.BarrierId);
}
