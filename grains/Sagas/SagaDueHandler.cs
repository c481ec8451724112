namespace Mall.Sagas;

/// <summary>
/// Wakes a saga whose time has come. The row's claim has moved its time ahead already; the saga writes the next one itself, or
/// none when it ends. Idempotent: a saga that runs or has ended shrugs. One that this version cannot read is parked: to try again
/// would change nothing.
/// </summary>
public sealed partial class SagaDueHandler(
    IGrainFactory grains, GrainLedger ledger, SagaKinds kinds, LedgerClock clock, ILogger<SagaDueHandler> log) : IDueHandler
{
    public string Kind => SagaRows.Due.Kind;

    public async Task HandleAsync(DueItem item, CancellationToken cancellationToken)
    {
        if (await ledger.FindAsync(SagaRows.ByGid, item.Key) is not { } saga) return;
        if (await kinds.TryPlanAsync(saga, grains) is (null, var unreadable))
        {
            LogUnreadable(saga.Gid, unreadable);
            var parked = saga with { Version = saga.Version + 1, NextTime = null, Reason = unreadable };
            await ledger.CommitAsync(new WriteSet(SagaRows.Update(parked, clock.GetUtcNow())));
            return;
        }

        using var trace = LaterTraces.Begin("saga due", saga.TraceParent, saga.Gid);
        await kinds[saga.Kind].Grain(grains, saga.Gid).Resume();
    }

    [LoggerMessage(3004, LogLevel.Critical, "Saga {Gid} is parked: {Unreadable}")]
    private partial void LogUnreadable(string gid, string? unreadable);
}
