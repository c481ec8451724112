namespace Mall.Ledger;

/// <summary>
/// The sub-transaction barrier of DTM (github.com/dtm-labs/dtm, <c>client/dtmcli/barrier.go</c>), as a decision about what the
/// attempts to insert its rows came to. An op that undoes another first tries to insert the row of that other, with itself as
/// the reason: when that succeeds, the other never happened, and now it never will. Then each op inserts its own row.
/// </summary>
internal static class Barrier
{
    /// <summary>The op that this one undoes, whose row it has to try first; null for one that undoes nothing.</summary>
    public static string? OriginOf(string op) => op switch
    {
        BarrierOps.Compensate or BarrierOps.Rollback => BarrierOps.Action,
        BarrierOps.Cancel => BarrierOps.Try,
        _ => null,
    };

    /// <summary>The op whose row has the reason that decides: its origin where the op has one, else the op itself.</summary>
    public static string OpOfReason(string op) => OriginOf(op) ?? op;

    /// <param name="op">The op of the key.</param>
    /// <param name="originInserted">The row of the op's origin was inserted now.</param>
    /// <param name="inserted">The op's own row was inserted now.</param>
    /// <param name="reason">What stands in the row of <see cref="OpOfReason"/>, if it was there.</param>
    /// <returns>Null: the changes may proceed. Else the outcome without them; rows inserted on the way are kept.</returns>
    public static CommitOutcome? Decide(string op, bool originInserted, bool inserted, string? reason)
    {
        if (originInserted) return CommitOutcome.NullCompensation;
        if (inserted) return null;
        if (reason == OpOfReason(op)) return CommitOutcome.Duplicate;
        return OriginOf(op) is null ? CommitOutcome.Suspended : CommitOutcome.NullCompensation;
    }
}
