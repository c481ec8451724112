namespace Mall.Ledger;

/// <summary>
/// The sub-transaction barrier of DTM (github.com/dtm-labs/dtm, <c>client/dtmcli/barrier.go</c>), as a decision about what the
/// attempts to insert its rows came to. A compensation first tries to insert the row of its action, with itself as
/// the reason: when that succeeds, the action never happened, and now it never will. Then each op inserts its own row.
/// </summary>
internal static class Barrier
{
    /// <summary>Whether the op has an action whose row it has to try first.</summary>
    public static bool HasOrigin(string op) => op == BarrierOps.Compensate;

    /// <summary>The op whose row has the reason that decides: the action where the op has one, else the op itself.</summary>
    public static string OpOfReason(string op) => HasOrigin(op) ? BarrierOps.Action : op;

    /// <param name="op">The op of the key.</param>
    /// <param name="originInserted">The row of the op's action was inserted now.</param>
    /// <param name="inserted">The op's own row was inserted now.</param>
    /// <param name="reasonOf">The reason in the row of <see cref="OpOfReason"/>. Asked only when needed.</param>
    /// <returns>Null: the changes may proceed. Else the outcome without them; rows inserted on the way are kept.</returns>
    public static CommitOutcome? Decide(string op, bool originInserted, bool inserted, Func<string?> reasonOf)
    {
        if (originInserted) return CommitOutcome.NullCompensation;
        if (inserted) return null;
        if (reasonOf() == OpOfReason(op)) return CommitOutcome.Duplicate;
        return HasOrigin(op) ? CommitOutcome.NullCompensation : CommitOutcome.Suspended;
    }
}
