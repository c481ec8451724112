namespace Mall.Ledger;

/// <summary>
/// The write sets whose callers have no answer yet, oldest first: those that wait and those that are being committed. A list
/// linked through its elements, so that taking one out of the middle costs nothing. Not thread-safe.
/// </summary>
internal sealed class PendingQueue
{
    public int Count { get; private set; }
    public PendingCommit? First { get; private set; }
    private PendingCommit? Last { get; set; }

    public void Add(PendingCommit pending)
    {
        pending.Previous = Last;
        if (Last is null) First = pending;
        else Last.Next = pending;
        Last = pending;
        Count++;
    }

    public void Remove(PendingCommit pending)
    {
        if (pending.Previous is { } previous) previous.Next = pending.Next;
        else First = pending.Next;
        if (pending.Next is { } next) next.Previous = pending.Previous;
        else Last = pending.Previous;
        (pending.Previous, pending.Next, pending.State) = (null, null, PendingState.Done);
        Count--;
    }
}
