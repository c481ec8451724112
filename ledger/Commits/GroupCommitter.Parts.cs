namespace Mall.Ledger;

/// <summary>What becomes of the write sets of a batch: answered, split, held back, or in the queue again.</summary>
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
}
