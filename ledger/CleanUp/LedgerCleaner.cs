namespace Mall.Ledger;

/// <summary>Rows of another table that the clean-up removes when they are of no use any more.</summary>
/// <param name="Table">Their table, for the metrics.</param>
/// <param name="Removals">The changes that remove those older than <c>@p1</c>, Unix milliseconds, the oldest first: all of them,
/// or <see cref="AtOnce"/>.</param>
/// <param name="Age">How old they get; null: <see cref="LedgerOptions.Retention"/>.</param>
public sealed record OldRows(string Table, Query<RowChange> Removals, TimeSpan? Age = null)
{
    /// <summary>The limit of queries that may find many. MariaDB takes a list of a thousand for a table, and may then read all of
    /// it.</summary>
    public const int AtOnce = 900;
}

/// <summary>Removes what is older than the retention: ended sagas with their branches and barrier rows; commit marks of processes
/// that are gone; <see cref="OldRows"/>. By time, so a round costs what there is to remove (docs/decisions/0005), and with rests,
/// because orders come first. It is due work: one silo does it at a time.</summary>
public sealed class LedgerCleaner(
    IStore store, ILedger ledger, LedgerOptions options, LedgerClock time, LedgerMetrics metrics, IEnumerable<OldRows> others)
    : IDueHandler
{
    internal const string KindOfWork = "ledger.cleanup";

    private const string Key = "all";

    private static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(5);

    private static readonly RowShape s_removeMark = new Table("commit_marks", new Column("committer", ColumnType.Text))
        .Delete().Guard(new Column("update_time", ColumnType.Number));

    private static readonly OldRows s_marks = new("commit_marks", new Query<RowChange>(
        // The last position of all stays: the next one is counted from it.
        """
        select committer, update_time from commit_marks
        where update_time < @p1 and position < (select max(position) from commit_marks)
        """,
        row => s_removeMark.With(row.GetString(0), row.GetInt64(1))));

    public string Kind => KindOfWork;
    public string? StandingKey => Key;

    /// <summary>Moves the next round to a time. A conflict as long as no process has begun to look for due work.</summary>
    public static RowChange At(DateTimeOffset time) => DueWork.Reschedule(KindOfWork, Key, time);

    public async Task HandleAsync(DueItem item, CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        var isMore = true;
        while (isMore && time.GetUtcNow() - started < options.DueClaim / 2)
        {
            var removed = (await store.PickAsync(ShortQueries.CleanUp(started - options.Retention, OldRows.AtOnce))).Count;
            metrics.Cleaned("sagas", removed);
            isMore = removed == OldRows.AtOnce;
            if (isMore) await Task.Delay(s_rest, time, cancellationToken);
        }

        if (!isMore)
            foreach (var old in others.Prepend(s_marks))
                await RemoveAsync(old, started - (old.Age ?? options.Retention), cancellationToken);
        await ledger.CommitAsync(new WriteSet(At(time.GetUtcNow() + (isMore ? TimeSpan.Zero : options.CleanUpPeriod))));
    }

    // A write set a row: if another silo has removed it already, that is a conflict of this row alone.
    private async Task RemoveAsync(OldRows old, DateTimeOffset before, CancellationToken cancellationToken)
    {
        IReadOnlyList<RowChange> removals;
        do
        {
            removals = await ledger.QueryAsync(old.Removals, cancellationToken, before);
            var outcomes = await Task.WhenAll(removals.Select(row => ledger.CommitAsync(new WriteSet(row))));
            metrics.Cleaned(old.Table, outcomes.Count(outcome => outcome == CommitOutcome.Applied));
        }
        while (removals.Count == OldRows.AtOnce);
    }
}
