namespace Mall.Ledger;

/// <summary>What becomes of the write sets of a batch: answered, split, held back, or in the queue again. Callers who wait no
/// longer: deadlines, the end of the drain. And what the committer logs.</summary>
internal sealed partial class GroupCommitter
{
    /// <summary>Leaves the halves of a refused batch to be written. Of one write set, false: pause, and try again.</summary>
    private bool Split(Batch part, bool isLocked)
    {
        var rest = part.Pending.Where(pending => pending.IsOpen).ToList();
        Answer(part, static pending => pending.IsFound);

        var isAtFault = rest.Count == 1;
        HoldBack(part, isLocked && isAtFault);
        if (isAtFault)
        {
            if (!isLocked) Requeue(part);
            return isLocked;
        }

        metrics.Split();
        foreach (var half in (List<PendingCommit>[])[rest[(rest.Count / 2)..], rest[..(rest.Count / 2)]])
        {
            var next = new Batch();
            _policy.Fill(next, half);
            next.HasWaited = isLocked;
            _parts.Push(next);
        }

        return true;
    }

    /// <summary>Puts those into quarantine whose rows are locked, and whoever else wants these rows.</summary>
    /// <param name="part">What was found out about it stands in it.</param>
    /// <param name="isAtFault">It is all about a lock that nobody could find, so any of its rows may be the one.</param>
    private void HoldBack(Batch part, bool isAtFault)
    {
        lock (_gate)
        {
            var held = part.Pending.Where(one => one.HeldBackBy != ConflictKeys.None || (isAtFault && one.IsOpen)).ToList();
            if (held.Count == 0) return;
            foreach (var key in held.SelectMany(one => one.IsOpen ? one.Keys : [one.HeldBackBy]))
                if (key != ConflictKeys.None) _quarantine.Hold(key);
            LogHeldBack(held.Count);
            foreach (var pending in held) Requeue_NeedsLock(pending);
            foreach (var pending in _queue.ToList())
                if (!pending.IsInFlight) _quarantine.TryTakeIn(pending);
        }
    }

    private void Answer(Batch part, Func<PendingCommit, bool> isAnswered)
    {
        var answered = part.Pending.Where(isAnswered).ToList();
        lock (_gate) answered.ForEach(static pending => pending.LeaveQueue());

        // A caller who has given up meanwhile has another answer already, hence Try.
        foreach (var pending in answered)
            if (pending.Fault is { } fault) pending.TrySetException(fault);
            else pending.TrySetResult(pending.Outcome);
        metrics.Settled(answered);
    }

    // Nothing happened: they wait again, where they stood. Those whose callers have given up meanwhile go.
    private void Requeue(Batch part)
    {
        lock (_gate)
            foreach (var pending in part.Pending.Where(pending => pending.Queue is not null)) Requeue_NeedsLock(pending);
    }

    private void Requeue_NeedsLock(PendingCommit pending)
    {
        pending.IsInFlight = false;
        if (pending.Task.IsCompleted) pending.LeaveQueue();
        else _quarantine.TryTakeIn(pending);
    }

    private void GiveUpLate() => GiveUp(
        pending => time.GetElapsedTime(pending.EnqueuedAt) >= options.CommitTimeout, "The database did not answer in time.");

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
