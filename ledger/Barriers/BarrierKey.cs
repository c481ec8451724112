namespace Mall.Ledger;

/// <summary>One effect of one global transaction, as DTM's barrier names it: UNIQUE(gid, branch_id, op, barrier_id).</summary>
/// <param name="Gid">The saga, or another caller-chosen id of at most 128 characters.</param>
/// <param name="BranchId">The branch within it, such as <c>01</c>.</param>
/// <param name="Op"><see cref="BarrierOps.Action"/> or <see cref="BarrierOps.Compensate"/>.</param>
/// <param name="BarrierId">Distinguishes several effects of one branch and op; <c>01</c> where there is one.</param>
/// <param name="TransType">The kind of transaction, for people who read the table.</param>
public readonly record struct BarrierKey(
    string Gid, string BranchId, string Op, string BarrierId = "01", string TransType = "saga");

/// <summary>The operations a barrier key can name.</summary>
public static class BarrierOps
{
    public const string Action = "action";

    /// <summary>Undoes the action of the same gid, branch and barrier id, or keeps it from ever happening.</summary>
    public const string Compensate = "compensate";
}
