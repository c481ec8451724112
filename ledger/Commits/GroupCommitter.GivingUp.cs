namespace Mall.Ledger;

/// <summary>Callers who wait no longer: deadlines, the end of the drain. And what the committer logs.</summary>
internal sealed partial class GroupCommitter
{
    private void StartDeadlines_NeedsLock()
    {
        var period = TimeSpan.FromMilliseconds(Math.Clamp(options.CommitTimeout.TotalMilliseconds / 10, 10, 1_000));
        _deadlinesRun = _deadlines?.Change(period, Timeout.InfiniteTimeSpan) == true;
    }

    // Coarse on purpose: one timer for all.
    private void CheckDeadlines()
    {
        GiveUp(pending => time.GetElapsedTime(pending.EnqueuedAt) >= options.CommitTimeout,
            "The database did not answer in time.");
        lock (_gate)
        {
            _deadlinesRun = false;
            if (Waiting_NeedsLock > 0) StartDeadlines_NeedsLock();
        }
    }

    private void GiveUp(Predicate<PendingCommit> isOver, string why)
    {
        lock (_gate)
            foreach (var pending in _queue.Concat(_quarantine.All).Where(pending => isOver(pending)).ToList())
                GiveUp_NeedsLock(pending, why);
    }

    private static void GiveUp_NeedsLock(PendingCommit pending, string why)
    {
        if (pending.IsInFlight || pending.InDoubt)
            pending.TrySetException(new LedgerOutcomeUnknownException($"{why} The write set may have been written."));
        else
            pending.TrySetException(new LedgerUnavailableException($"{why} Nothing was written."));

        // One in flight stays until its batch has ended: the batch is the queue's to keep together.
        if (!pending.IsInFlight) pending.LeaveQueue();
    }

    [LoggerMessage(2001, LogLevel.Warning, "The database failed ({Problem}), {Failures} times in a row; trying in {PauseMs} ms")]
    private partial void LogStoreFailed(string problem, int failures, double pauseMs, Exception exception);

    [LoggerMessage(2002, LogLevel.Information, "The database works again after {Failures} failures")]
    private partial void LogRecovered(int failures);

    [LoggerMessage(2003, LogLevel.Warning, "Batch {Number} of {Count} write sets was not acknowledged; reading its mark back")]
    private partial void LogOutcomeUnknown(long number, int count);

    [LoggerMessage(2004, LogLevel.Information, "Batch {Number} was read back: committed = {Committed}")]
    private partial void LogReadBack(long number, bool committed);

    [LoggerMessage(2005, LogLevel.Error, "The store failed in an unexpected way")]
    private partial void LogUnexpected(Exception exception);

    [LoggerMessage(2006, LogLevel.Error, "Draining took too long; {Count} write sets were given up")]
    private partial void LogDrainTimedOut(int count);

    [LoggerMessage(2008, LogLevel.Warning, "Another session keeps rows locked; {Count} write sets wait, apart from the rest")]
    private partial void LogHeldBack(int count);

    [LoggerMessage(2007, LogLevel.Critical, "The committer is broken; the process must be restarted")]
    private partial void LogBroken(Exception exception);
}
