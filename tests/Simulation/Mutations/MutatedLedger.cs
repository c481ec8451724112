using Mall.Ledger;
using Mall.Sagas;

namespace Mall.Simulation;

/// <summary>A silo's ledger with a bug in it; the product's own code is as it is.</summary>
internal sealed class MutatedLedger(ILedger inner, SimulatedDatabase database) : ILedger
{
    private readonly Dictionary<RowShape, RowShape> _unguarded = [];
    private readonly Dictionary<(string Sql, Value Id), object> _read = [];
    private readonly HashSet<Value> _taken = [];

    private Mutation? Planted => database.Planted;

    public async Task<CommitOutcome> CommitAsync(WriteSet writes, CancellationToken cancellationToken = default)
    {
        var isAction = writes.Barrier?.Op == BarrierOps.Action;
        switch (Planted)
        {
            case Mutation.BarrierLeftOut when isAction && !Touches(writes, "sagas"):
            case Mutation.CompensationWithoutBarrier when writes.Barrier is not null && !isAction:
                return await inner.CommitAsync(new WriteSet(writes.Changes), cancellationToken);
            case Mutation.BarrierInItsOwnTransaction when writes.Barrier is { } barrier:
                var entered = await inner.CommitAsync(new WriteSet(barrier), cancellationToken);
                return entered == CommitOutcome.Applied
                    ? await inner.CommitAsync(new WriteSet(writes.Changes), cancellationToken) : entered;
            case Mutation.AnswerBeforeCommit:
            case Mutation.IntentAfterAction when isAction && Touches(writes, "sagas"):
                _ = inner.CommitAsync(writes, CancellationToken.None).ContinueWith(
                    static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Current);
                return CommitOutcome.Applied;
            case Mutation.NoEpochInTheGuard when Touches(writes, "products"):
            case Mutation.NoVersionInTheGuard when Touches(writes, "sagas"):
                return await inner.CommitAsync(
                    writes with { Changes = [.. writes.Changes.Select(Unguarded)] }, cancellationToken);
            case Mutation.EpochWithoutReadingAgain when IsTakingEpoch(writes):
                _taken.Add(writes.Changes[0].Values[0]);
                break;
            case Mutation.NullMarkerLeftOut when writes.Barrier is { } key && !isAction && !await HasActedAsync(key):
                return CommitOutcome.NullCompensation;
            case Mutation.KeyNotDurable:
                writes = writes with { Changes = [.. writes.Changes.Where(c => c.Shape.Table.Name != "idempotency")] };
                break;
        }

        try
        {
            var outcome = await inner.CommitAsync(writes, cancellationToken);
            return Planted == Mutation.DuplicateIsRefused && isAction && outcome == CommitOutcome.Duplicate
                ? CommitOutcome.Suspended : outcome;
        }
        catch (LedgerOutcomeUnknownException) when (Planted == Mutation.UnknownIsRefused && isAction)
        {
            return CommitOutcome.Suspended;
        }
        catch (Exception failure) when (Planted == Mutation.ExceptionWithoutSerializer)
        {
            throw new UnreadableException(failure.Message);
        }
    }

    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters)
    {
        var isOfProduct = query.Sql.Contains("owner_epoch from products", StringComparison.Ordinal);
        if (isOfProduct && _taken.Remove(parameters[0])) return (IReadOnlyList<T>)_read[(query.Sql, parameters[0])];
        var rows = await inner.QueryAsync(query, cancellationToken, parameters);
        if (Planted == Mutation.EpochWithoutReadingAgain && isOfProduct) _read[(query.Sql, parameters[0])] = rows;
        return Planted == Mutation.ResumedFromTheWrongStep && rows is IReadOnlyList<SagaRecord> sagas
            ? (IReadOnlyList<T>)(object)sagas.Select(Misread).ToList() : rows;
    }

    public Task<long> SettledAsync(CancellationToken cancellationToken = default) => inner.SettledAsync(cancellationToken);

    public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default) =>
        inner.NextIdAsync(sequence, cancellationToken);

    private static SagaRecord Misread(SagaRecord saga) =>
        saga.Status == SagaStatus.Submitted ? saga with { Status = SagaStatus.Aborting } : saga;

    private async Task<bool> HasActedAsync(BarrierKey key) => (await inner.QueryAsync(
        new Query<long>(
            "select 1 from barrier where gid = @p1 and branch_id = @p2 and op = 'action' and reason = 'action'",
            row => row.GetInt64(0)),
        CancellationToken.None, key.Gid, key.BranchId)).Count > 0;

    private static bool Touches(WriteSet writes, string table) => writes.Changes.Any(c => c.Shape.Table.Name == table);

    private static bool IsTakingEpoch(WriteSet writes) => writes.Changes is [{ Shape.Table.Name: "products" } taking]
        && taking.Shape.Columns.Count(c => c.Column.Name == "owner_epoch") == 2;

    /// <summary>The change without what it demands of the row; taking an epoch stays as it is.</summary>
    private RowChange Unguarded(RowChange change)
    {
        var (shape, values) = change;
        if (shape.Operation != RowOperation.Update || IsTakingEpoch(new WriteSet(change))) return change;
        if (!_unguarded.TryGetValue(shape, out var free))
        {
            free = shape.Table.Update();
            foreach (var (column, role) in shape.Columns)
            {
                free = role switch
                {
                    ColumnRole.Set => free.Set(column),
                    ColumnRole.Add => free.Add(column),
                    ColumnRole.AddNotNegative => free.AddNotNegative(column),
                    _ => free,
                };
            }

            _unguarded.Add(shape, free);
        }

        return free.With([.. values.Where((_, i) => shape.Columns[i].Role != ColumnRole.Guard)]);
    }
}
