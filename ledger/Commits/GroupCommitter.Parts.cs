namespace Mall.Ledger;

/// <summary>What becomes of the write sets of a batch: answered, split, held back, or in the queue again.</summary>
internal sealed partial class GroupCommitter
{
    /// <summary>Leaves the halves of a refused batch to be written. Of one write set, false: pause, and try again.</summary>
    private bool Split(Batch part, bool isLocked)
    {
        var rest = new List<PendingCommit>();
        for (var i = 0; i < part.Count; i++)
            if (part.IsOpen(i)) rest.Add(part.Pending(i));
        Answer(part, static (batch, i) => batch.IsFound(i));

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
            var held = new List<PendingCommit>();
            for (var i = 0; i < part.Count; i++)
            {
                if (part.HeldBackBy(i) == ConflictKeys.None && !(isAtFault && part.IsOpen(i))) continue;
                held.Add(part.Pending(i));
                long[] keys = part.HeldBackBy(i) is not ConflictKeys.None and var found ? [found] : part.Pending(i).Keys;
                foreach (var key in keys)
                    if (key != ConflictKeys.None) _quarantine.Hold(key);
            }

            if (held.Count == 0) return;
            LogHeldBack(held.Count);
            foreach (var pending in held) Requeue_NeedsLock(pending);
            foreach (var pending in _queue.ToList())
                if (!pending.IsInFlight) _quarantine.TryTakeIn(pending);
        }
    }

    private void Answer(Batch part, Func<Batch, int, bool> isAnswered)
    {
        lock (_gate)
            for (var i = 0; i < part.Count; i++)
                if (isAnswered(part, i)) part.Pending(i).LeaveQueue();

        // A caller who has given up meanwhile has another answer already, hence Try.
        for (var i = 0; i < part.Count; i++)
        {
            if (!isAnswered(part, i)) continue;
            var pending = part.Pending(i);
            if (part.Fault(i) is { } fault) pending.TrySetException(fault);
            else pending.TrySetResult(part.Outcome(i));
        }

        metrics.Settled(part, isAnswered);
    }

    // Nothing happened: they wait again, where they stood. Those whose callers have given up meanwhile go.
    private void Requeue(Batch part)
    {
        lock (_gate)
            for (var i = 0; i < part.Count; i++)
                if (part.Pending(i).Queue is not null) Requeue_NeedsLock(part.Pending(i));
    }

    private void Requeue_NeedsLock(PendingCommit pending)
    {
        pending.IsInFlight = false;
        if (pending.Task.IsCompleted) pending.LeaveQueue();
        else _quarantine.TryTakeIn(pending);
    }
}
