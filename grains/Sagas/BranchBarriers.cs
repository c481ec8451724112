namespace Mall.Sagas;

/// <summary>From a saga's branch to the barrier rows of its effects.</summary>
internal static class BranchBarriers
{
    public static BarrierKey Action(this Branch branch) => new(branch.Gid, branch.BranchId, BarrierOps.Action);

    public static BarrierKey Compensation(this Branch branch) => new(branch.Gid, branch.BranchId, BarrierOps.Compensate);

    /// <summary>What an action answers that arrives after its compensation: it will never happen.</summary>
    public static Refusal AlreadyCompensated(this Branch branch) => Result.Refused(
        ErrorCodes.SagaStatusForbids, $"Branch {branch.BranchId} of {branch.Gid} was compensated before it was called.");
}
