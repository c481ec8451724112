namespace Mall.Sagas;

/// <summary>From a saga's branch to the barrier rows of its effects.</summary>
internal static class BranchBarriers
{
    public static BarrierKey Action(this Branch branch) => new(branch.Gid, branch.BranchId, BarrierOps.Action);

    public static BarrierKey Compensation(this Branch branch) => new(branch.Gid, branch.BranchId, BarrierOps.Compensate);

    /// <summary>Sees to it that the branch's action never happens; a duplicate when it has happened.</summary>
    /// <param name="guards">What must hold for that; they change nothing.</param>
    public static WriteSet Sealing(this Branch branch, params RowChange[] guards) =>
        new(branch.Compensation(), guards) { IsRefusal = true };

    /// <summary>
    /// The answer of an action that is in conflict with what is there: a refusal, once it is durable that the action never
    /// happens. Otherwise another activation of the saga could be granted what this one is refused. Done when it has happened:
    /// two calls of one branch may be in conflict with each other.
    /// </summary>
    public static async Task<Result<Done>> RefuseAsync(this GrainLedger ledger, Branch branch, Refusal refusal) =>
        await ledger.CommitAsync(branch.Sealing()) == CommitOutcome.Duplicate ? Done.It : refusal with { IsSealed = true };

    /// <summary>What an action answers that arrives after its compensation: it will never happen.</summary>
    public static Refusal AlreadyCompensated(this Branch branch) => Result.Refused(
        ErrorCodes.SagaStatusForbids, $"Branch {branch.BranchId} of {branch.Gid} was compensated before it was called.");
}
