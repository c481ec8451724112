namespace Mall.Sagas;

/// <summary>
/// Wakes a saga whose time has come. The row's claim has moved its time ahead already; the saga writes the next one itself, or
/// none when it ends. Idempotent: a saga that runs or has ended shrugs.
/// </summary>
public sealed class SagaDueHandler(IGrainFactory grains, GrainLedger ledger, SagaKinds kinds) : IDueHandler
{
    public string Kind => SagaRows.Due.Kind;

    public async Task HandleAsync(DueItem item, CancellationToken cancellationToken)
    {
        if (await ledger.FindAsync(SagaRows.ByGid, item.Key) is { } saga)
            await kinds[saga.Kind].Grain(grains, saga.Gid).Resume();
    }
}
