namespace Mall.Ledger;

/// <summary>One effect of one global transaction, as DTM's barrier names it: UNIQUE(gid, branch_id, op, barrier_id).</summary>
/// <param name="Gid">The saga, or another caller-chosen id of at most 128 characters.</param>
/// <param name="BranchId">The branch within it, such as <c>01</c>.</param>
/// <param name="Op">One of <see cref="BarrierOps"/>.</param>
/// <param name="BarrierId">Distinguishes several effects of one branch and op; <c>01</c> where there is one.</param>
/// <param name="TransType">The kind of transaction, for people who read the table.</param>
public readonly record struct BarrierKey(
    string Gid, string BranchId, string Op, string BarrierId = "01", string TransType = "saga");

/// <summary>The operations that a barrier key can name. What undoes what stands in <see cref="Barrier.OriginOf"/>.</summary>
public static class BarrierOps
{
    public const string Action = "action";

    /// <summary>Undoes the action of the same gid, branch and barrier id, or keeps it from ever happening.</summary>
    public const string Compensate = "compensate";

    public const string Try = "try";
    public const string Cancel = "cancel";
    public const string Rollback = "rollback";
}

/// <summary>The sub-transaction barrier of DTM (github.com/dtm-labs/dtm, <c>client/dtmcli/barrier.go</c>). An op that undoes
/// another first tries to insert the row of that other, with itself as the reason: when that succeeds, the other never happened,
/// and now it never will. Then each op inserts its own row.</summary>
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

    /// <param name="originInserted">The row of the op's origin was inserted now.</param>
    /// <param name="inserted">The op's own row was inserted now.</param>
    /// <param name="reason">What stands in the row of <see cref="OpOfReason"/>, if it was there.</param>
    /// <returns>Null: the changes may proceed. Else the outcome without them; rows inserted on the way are kept.</returns>
    public static CommitOutcome? Decide(string op, bool originInserted, bool inserted, string? reason) =>
        originInserted ? CommitOutcome.NullCompensation
        : inserted ? null
        : reason == OpOfReason(op) ? CommitOutcome.Duplicate
        : OriginOf(op) is null ? CommitOutcome.Suspended : CommitOutcome.NullCompensation;
}
