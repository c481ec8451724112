namespace Mall.Schedules;

/// <summary>
/// Removes events that are older than the retention and that no webhook waits for, and has the ledger look for old rows of its
/// own now. Events go a whole position at a time, the oldest first, so that no other's id changes.
/// </summary>
internal sealed class CleanUpJob(GrainLedger ledger, LedgerOptions options, LedgerClock clock) : IScheduledJob
{
    /// <summary>More than a position has.</summary>
    private const int RowsAStep = 10_000;

    public string Name => "clean-up";

    public async Task<string> RunAsync(DateTimeOffset now, TimeZoneInfo zone)
    {
        await ledger.CommitAsync(new WriteSet(LedgerCleaner.At(clock.GetUtcNow())));
        var waits = await ledger.QueryAsync(WebhookRows.LeastSeen);
        var last = waits.Count > 0 ? OutboxLog.PositionOf(waits[0]) - 1 : long.MaxValue;
        var removed = 0;
        while (true)
        {
            var rows = await ledger.QueryAsync(OutboxRows.Page, 0, Math.Min(last, await ledger.SettledAsync()), RowsAStep);
            var positions = rows.GroupBy(row => row.Position).ToList();
            if (rows.Count == RowsAStep) positions.RemoveAt(positions.Count - 1); // It may have more.
            var old = positions.TakeWhile(rows => rows.All(row => row.Time < now - options.Retention)).ToList();
            foreach (var position in old)
                await ledger.CommitAsync(new WriteSet([.. position.Select(row => OutboxRows.Delete(row.Id))]));
            removed += old.Sum(position => position.Count());
            if (old.Count < positions.Count || rows.Count < RowsAStep) return $"{removed} events removed";
        }
    }
}
