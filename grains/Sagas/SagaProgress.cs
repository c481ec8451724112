namespace Mall.Sagas;

/// <summary>A branch that was started, and what is known of its action.</summary>
public readonly record struct StartedBranch(string Id, string Status);

/// <summary>
/// How far the branches of one saga are, as one activation knows it. Only memory: after a restart every action is called
/// again, and the barrier makes that harmless.
/// </summary>
internal sealed class SagaProgress
{
    private enum Step
    {
        Idle,
        Started,
        Acted,
        Refused,
        Sealed,
        Compensated,
    }

    private readonly IReadOnlyList<SagaBranch> _plan;
    private readonly Step[] _steps;
    private readonly int[][] _predecessors;

    /// <param name="plan">Predecessors stand before their successors.</param>
    /// <param name="startedBefore">
    /// Which branches an earlier activation may have started. One of them may be under way still, and its effect is to be
    /// compensated if the saga aborts, whether or not this activation calls it again.
    /// </param>
    public SagaProgress(IReadOnlyList<SagaBranch> plan, Func<SagaBranch, bool> startedBefore)
    {
        _plan = plan;
        _steps = new Step[plan.Count];
        _predecessors = new int[plan.Count][];
        for (var i = 0; i < plan.Count; i++)
        {
            _predecessors[i] = [.. plan[i].After.Select(id => IndexBefore(i, id))];
            if (startedBefore(plan[i])) _steps[i] = Step.Started;
        }
    }

    /// <summary>Why it is to be compensated: a branch's first refusal, or an operator's wish. Null while all is well.</summary>
    public Refusal? Refusal { get; private set; }

    /// <summary>The branches whose action was called, whatever came of it: these are compensated.</summary>
    public IEnumerable<StartedBranch> Started =>
        from i in Enumerable.Range(0, _plan.Count)
        where _steps[i] != Step.Idle
        select new StartedBranch(_plan[i].Id, StatusOf(_steps[i]));

    /// <summary>Every action is known to be done: the saga will succeed.</summary>
    public bool IsDone => Refusal is null && Array.TrueForAll(_steps, step => step == Step.Acted);

    /// <summary>The barrier says that every action is done, whoever has called it.</summary>
    public bool HasActed(IReadOnlyList<BarrierRowView> barrier) => _plan.All(branch => barrier.Any(
        row => row.BranchId == branch.Id && row.Op == BarrierOps.Action && row.Reason == BarrierOps.Action));

    /// <summary>Of all branches that were started, only this one remains to be undone.</summary>
    public bool IsUndoneExcept(string id) =>
        Enumerable.Range(0, _plan.Count).All(i => IsUndone(i) || (_plan[i].Id == id && _steps[i] == Step.Acted));

    /// <summary>The action of this branch has been done by other means.</summary>
    public void NoteActed(string id) => _steps[IndexBefore(_plan.Count, id)] = Step.Acted;

    public void Refuse(Refusal refusal) => Refusal ??= refusal;

    /// <summary>
    /// A forward round: calls every action that is not known to be done, each after its predecessors. Throws what a branch threw,
    /// unless a refusal has settled the saga's fate anyway: compensation is safe for a branch whose outcome is unknown.
    /// </summary>
    public async Task ActAsync()
    {
        var round = new Task[_plan.Count];
        for (var i = 0; i < round.Length; i++) round[i] = ActAsync(i, round);
        try
        {
            await Task.WhenAll(round);
        }
        catch (Exception) when (Refusal is not null)
        {
            // Observed, and of no consequence: see above.
        }
    }

    /// <summary>A compensating round: undoes every started branch that is not undone, each after all that followed it.</summary>
    public Task CompensateAsync()
    {
        var round = new Task[_plan.Count];
        for (var i = round.Length - 1; i >= 0; i--) round[i] = CompensateAsync(i, round);
        return Task.WhenAll(round);
    }

    private async Task ActAsync(int i, Task[] round)
    {
        foreach (var before in _predecessors[i]) await round[before];
        if (Refusal is not null || _steps[i] is Step.Acted) return;
        _steps[i] = Step.Started;
        var refusal = await _plan[i].Action();
        _steps[i] = refusal switch { null => Step.Acted, { IsSealed: true } => Step.Sealed, _ => Step.Refused };
        if (refusal is not null) Refuse(refusal);
    }

    private async Task CompensateAsync(int i, Task[] round)
    {
        for (var later = i + 1; later < round.Length; later++)
        {
            if (_predecessors[later].Contains(i)) await round[later];
        }

        if (IsUndone(i)) return;
        await _plan[i].Compensation(Refusal ?? throw new InvalidOperationException("Nothing was refused."));
        _steps[i] = Step.Compensated;
    }

    private bool IsUndone(int i) =>
        _steps[i] is Step.Idle or Step.Sealed or Step.Compensated;

    private int IndexBefore(int i, string id)
    {
        for (var before = 0; before < i; before++)
        {
            if (_plan[before].Id == id) return before;
        }

        throw new InvalidOperationException($"Branch {id} does not stand among the first {i}.");
    }

    private static string StatusOf(Step step) => step switch
    {
        Step.Acted or Step.Compensated => BranchStatus.Succeed,
        Step.Refused or Step.Sealed => BranchStatus.Refused,
        _ => BranchStatus.Prepared,
    };
}
