namespace Mall.Ledger;

/// <summary>
/// Write sets whose callers have no answer yet, oldest first: those that wait and those that are being committed. A list
/// linked through its elements, so that taking one out of the middle costs nothing. Not thread-safe.
/// </summary>
internal sealed class PendingQueue
{
    private PendingCommit? _first;
    private PendingCommit? _last;

    public int Count { get; private set; }

    public void Add(PendingCommit pending)
    {
        (pending.Queue, pending.Previous) = (this, _last);
        if (_last is null) _first = pending;
        else _last.Next = pending;
        _last = pending;
        Count++;
    }

    public void Remove(PendingCommit pending)
    {
        if (pending.Previous is { } previous) previous.Next = pending.Next;
        else _first = pending.Next;
        if (pending.Next is { } next) next.Previous = pending.Previous;
        else _last = pending.Previous;
        (pending.Queue, pending.Previous, pending.Next) = (null, null, null);
        Count--;
    }

    /// <summary>Oldest first. The one that was returned last may be taken out meanwhile.</summary>
    public IEnumerable<PendingCommit> Oldest()
    {
        for (var pending = _first; pending is not null;)
        {
            var next = pending.Next;
            yield return pending;
            pending = next;
        }
    }
}
