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
    public const string Confirm = "confirm";

    /// <summary>Undoes the try, as a compensation undoes its action.</summary>
    public const string Cancel = "cancel";

    /// <summary>Undoes the action of a workflow, as a compensation does.</summary>
    public const string Rollback = "rollback";
}
