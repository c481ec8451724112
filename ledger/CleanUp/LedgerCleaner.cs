namespace Mall.Ledger;

/// <summary>
/// Removes what is older than the retention: ended sagas with their branches and barrier rows (what an idempotency key needs of
/// them stands with what the saga made); commit marks of processes that are gone; idempotency keys whose product or shop is gone;
/// sessions that have expired. It goes by time, the oldest first, so a round costs what there is to remove and no more, and it
/// rests between steps, because orders come first. It is due work like any other: one silo does it at a time.
/// </summary>
internal sealed class LedgerCleaner(IStore store, ILedger ledger, LedgerOptions options, LedgerClock time, LedgerMetrics metrics)
    : IDueHandler
{
    internal const string KindOfWork = "ledger.cleanup";

    /// <summary>
    /// Sagas in one transaction. Fewer than a thousand: MariaDB takes a longer list for a table, and may then read all of it.
    /// </summary>
    internal const int SagasAStep = 900;

    internal const string Key = "all";
    private static readonly TimeSpan s_rest = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_clocksDiffer = TimeSpan.FromMinutes(5);

    private static readonly Column s_committer = new("committer", ColumnType.Text);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_key = new("key", ColumnType.Text);
    private static readonly RowShape s_removeMark = new Table("commit_marks", s_committer).Delete().Guard(s_updateTime);
    private static readonly RowShape s_removeKey = new Table("idempotency", s_userId, s_key).Delete();

    private static readonly Query<RowChange> s_oldMarks = new(
        // The last position of all stays: the next one is counted from it.
        """
        select committer, update_time from commit_marks
        where update_time < @p1 and position < (select max(position) from commit_marks)
        """,
        row => s_removeMark.With(row.GetString(0), row.GetInt64(1)));

    private static readonly Query<RowChange> s_oldKeys = new(
        """
        select i.user_id, i.key from idempotency i where i.create_time < @p1
          and (i.kind not in ('product', 'stock') or not exists (select 1 from products p where p.id = i.result_id))
          and (i.kind <> 'shop' or not exists (select 1 from shops s where s.id = i.result_id))
          and i.kind in ('product', 'stock', 'shop')
        """,
        row => s_removeKey.With(row.GetInt64(0), row.GetString(1)));

    // What has expired is of no use to anybody; the end of a session is told until its last access token has expired.
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly RowShape s_removeSession = new Table("sessions", s_id).Delete();
    private static readonly RowShape s_removeEnd = new Table("ended_sessions", s_id).Delete();

    private static readonly Query<RowChange> s_oldSessions = new(
        "select id from sessions where expire_time < @p1 order by expire_time limit 900",
        row => s_removeSession.With(row.GetInt64(0)));

    private static readonly Query<RowChange> s_oldEnds = new(
        "select id from ended_sessions where access_end < @p1 order by access_end limit 900",
        row => s_removeEnd.With(row.GetInt64(0)));

    public string Kind => KindOfWork;
    public string? StandingKey => Key;

    public async Task HandleAsync(DueItem item, CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        var before = started - options.Retention;
        var isMore = true;
        while (isMore && time.GetUtcNow() - started < options.DueClaim / 2)
        {
            var removed = await store.CleanUpAsync(before, SagasAStep);
            metrics.Cleaned("sagas", removed);
            isMore = removed == SagasAStep;
            if (isMore) await Task.Delay(s_rest, time, cancellationToken);
        }

        if (!isMore)
        {
            await RemoveAsync("commit_marks", s_oldMarks, before, cancellationToken);
            await RemoveAsync("idempotency", s_oldKeys, before, cancellationToken);
            await RemoveAsync("sessions", s_oldSessions, started - s_clocksDiffer, cancellationToken);
            await RemoveAsync("ended_sessions", s_oldEnds, started - s_clocksDiffer, cancellationToken);
        }

        var next = isMore ? time.GetUtcNow() : time.GetUtcNow() + options.CleanUpPeriod;
        await ledger.CommitAsync(new WriteSet(DueWork.Reschedule(Kind, item.Key, next, null)), cancellationToken);
    }

    // A write set a row: if another silo has removed it already, that is a conflict of this row alone.
    private async Task RemoveAsync(
        string table, Query<RowChange> rows, DateTimeOffset before, CancellationToken cancellationToken)
    {
        IReadOnlyList<RowChange> removals;
        do
        {
            removals = await ledger.QueryAsync(rows, cancellationToken, before);
            var outcomes = await Task.WhenAll(removals.Select(row => ledger.CommitAsync(new WriteSet(row), cancellationToken)));
            metrics.Cleaned(table, outcomes.Count(outcome => outcome == CommitOutcome.Applied));
        }
        while (removals.Count == SagasAStep); // As many as the queries of what may be much give at once.
    }
}
