namespace Mall.Ledger.Servers;

/// <summary>
/// Writes one batch in which somebody is refused: a repeat, a compensation without its action, a guard that does not hold, a
/// statement that is impossible. It asks the server at each step: barrier rows, then the changes of those that may proceed.
/// Whoever fails becomes a suspect; the transaction is rolled back and another pass made, which gives each suspect a savepoint of
/// its own.
/// </summary>
internal abstract class CarefulWriter(ChangeGroups groups, Batch batch, ServerErrors errors)
{
    private readonly List<BarrierKey> _keys = [];

    protected Batch Batch => batch;

    /// <summary>Leaves the transaction ready to commit, and every outcome in the batch.</summary>
    public async Task WriteAsync()
    {
        // A pass that finds new suspects is undone, so there are at most as many passes as write sets; two, as a rule.
        while (!await TryPassAsync()) await ExecuteAsync("rollback");
        batch.Reached(ApplyStage.BeforeCommit);
    }

    /// <returns>How many rows it has found.</returns>
    public abstract Task<int> ExecuteAsync(string sql);

    /// <summary>Begins a transaction with the commit mark.</summary>
    protected abstract Task BeginAsync();

    /// <summary>Inserts what barrier rows are missing, and looks at those that are there.</summary>
    protected abstract Task<EnteredBarriers> EnterAsync(List<BarrierKey> keys);

    /// <summary>Makes the changes. Everybody of whom it is known that his fails becomes a suspect.</summary>
    protected abstract Task ChangeTogetherAsync(IReadOnlyList<ChangeGroup> changes);

    /// <returns>How many rows were as the change expects them.</returns>
    /// <exception cref="LedgerFaultException">No such change will ever be accepted.</exception>
    protected abstract Task<int> ChangeAsync(RowChange change);

    private async Task<bool> TryPassAsync()
    {
        var suspects = batch.Suspects;
        batch.StartPass();
        await BeginAsync();
        await EnterTogetherAsync();
        if (batch.Suspects > suspects) return false;
        batch.Reached(ApplyStage.BarriersWritten);
        groups.Collect(batch);
        if (groups.Groups.Count > 0) await ChangeTogetherAsync(groups.Groups);
        if (batch.Suspects > suspects) return false;
        for (var i = 0; i < batch.Count; i++)
            if (batch.IsSuspect(i)) await WriteAloneAsync(i);
        return true;
    }

    private async Task EnterTogetherAsync()
    {
        EnteredBarriers.CollectKeys(batch, _keys);
        EnteredBarriers? entered = null;
        try
        {
            entered = await EnterAsync(_keys);
        }
        catch (Exception failure) when (errors.IsFaultOfStatement(failure))
        {
            // Nobody knows whose key it was.
        }

        EnteredBarriers.Settle(batch, entered);
    }

    private async Task WriteAloneAsync(int index)
    {
        if (StorableValues.FaultOf(batch[index]) is { } impossible)
        {
            batch.Settle(index, impossible);
            return;
        }

        await ExecuteAsync("savepoint alone");
        if (!await TryWriteAloneAsync(index)) await ExecuteAsync("rollback to savepoint alone");
        await ExecuteAsync("release savepoint alone");
    }

    /// <summary>False: it is to be undone.</summary>
    private async Task<bool> TryWriteAloneAsync(int index)
    {
        var step = "its barrier row";
        try
        {
            if (batch[index].Barrier is { } key && (await EnterAsync([key])).OutcomeOf(key) is { } outcome)
            {
                batch.Settle(index, outcome);
                return true;
            }

            batch.Settle(index, CommitOutcome.Applied);
            foreach (var change in batch[index].Changes)
            {
                step = change.Shape.ToString();
                if (await ChangeAsync(change) > 0) continue;
                batch.Settle(index, CommitOutcome.Conflict);
                return false;
            }

            return true;
        }
        catch (LedgerFaultException fault)
        {
            batch.Settle(index, fault);
            return false;
        }
        catch (Exception failure) when (errors.IsFaultOfStatement(failure))
        {
            // An update can give its row a value that another row has.
            if (errors.IsUniqueViolation(failure)) batch.Settle(index, CommitOutcome.Conflict);
            else batch.Settle(index, errors.Fault(step, failure));
            return false;
        }
    }
}
