namespace Mall.Ledger;

/// <summary>
/// Removes what is older than the retention: ended sagas with their branches, barrier rows whose saga is gone, commit marks of
/// processes that are gone. It walks through each table by its primary key, a little at a time, instead of keeping an index by
/// time: that would cost every order a write, and this costs a read of each row a round. It is due work like any other, so one
/// silo does it at a time.
/// </summary>
internal sealed class LedgerCleaner(ILedger ledger, LedgerOptions options, TimeProvider time, LedgerMetrics metrics) : IDueHandler
{
    internal const string KindOfWork = "ledger.cleanup";
    internal const int RowsAStep = 500;
    private const string Key = "all";
    private static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(50);

    // A run ends well before its claim does, and leaves the rest to the next.
    private const int StepsARun = 100;

    public string Kind => KindOfWork;

    /// <summary>Sees to it that there is such work in the database; idempotent.</summary>
    public static Task ScheduleAsync(ILedger ledger, TimeProvider time, CancellationToken cancellationToken) =>
        ledger.CommitAsync(new WriteSet(DueWork.Schedule(KindOfWork, Key, time.GetUtcNow())), cancellationToken);

    public async Task HandleAsync(DueItem item, CancellationToken cancellationToken)
    {
        var sweep = Sweep.Parse(item.Payload);
        var before = time.GetUtcNow() - options.Retention;
        for (var step = 0; step < StepsARun && !sweep.IsOver; step++)
        {
            if (step > 0) await Task.Delay(s_rest, time, cancellationToken); // Orders come first.
            sweep = await StepAsync(sweep, before, cancellationToken);
        }

        var next = sweep.IsOver
            ? DueWork.Reschedule(Kind, item.Key, time.GetUtcNow() + options.CleanUpPeriod, null)
            : DueWork.Reschedule(Kind, item.Key, time.GetUtcNow(), sweep.ToString());
        await ledger.CommitAsync(new WriteSet(next), cancellationToken);
    }

    private async Task<Sweep> StepAsync(Sweep sweep, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var table = CleanUpTable.All[sweep.Table];
        var rows = await ledger.QueryAsync(table.Rows, cancellationToken, [.. sweep.After.Select(Value.FromString), RowsAStep]);
        var removed = await Task.WhenAll(rows
            .Where(row => row.IsOver && row.Time < before)
            .Select(row => RemoveAsync(table, row, cancellationToken)));
        metrics.Cleaned(table.Name, removed.Count(outcome => outcome == CommitOutcome.Applied));
        return rows.Count < RowsAStep ? sweep.NextTable() : sweep with { After = rows[^1].Key };
    }

    // A write set a row: if another silo has removed it already, that is a conflict of this row alone.
    private async Task<CommitOutcome> RemoveAsync(CleanUpTable table, CleanUpRow row, CancellationToken cancellationToken) =>
        await ledger.CommitAsync(new WriteSet(await table.Removal(ledger, row, cancellationToken)), cancellationToken);
}
