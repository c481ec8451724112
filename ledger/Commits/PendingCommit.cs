using System.Diagnostics;

namespace Mall.Ledger;

/// <summary>A write set on its way to its commit, and the promise made to its caller.</summary>
internal sealed class PendingCommit : TaskCompletionSource<CommitOutcome>
{
    /// <param name="continuations">See <see cref="LedgerOptions.Continuations"/>.</param>
    public PendingCommit(WriteSet writes, TaskCreationOptions continuations = TaskCreationOptions.RunContinuationsAsynchronously)
        : base(continuations)
    {
        Writes = writes;
        ExpectsNull = writes.IsRefusal;
        Place = new LinkedListNode<PendingCommit>(this);
        Keys = ConflictKeys.Of(writes);
        foreach (var change in writes.Changes)
        {
            Bytes += 16 * change.Values.Length;
            foreach (var value in change.Values)
                if (!value.IsNumber && value.Text is { } text) Bytes += text.Length;
        }
    }

    public WriteSet Writes { get; }

    /// <summary>Within what it was handed in, when that is traced.</summary>
    public Activity? Caller { get; } = Activity.Current is { Recorded: true } caller ? caller : null;

    /// <summary>See <see cref="ConflictKeys"/>.</summary>
    public long[] Keys { get; }

    /// <summary>About what it takes in the database; batches are bounded by it.</summary>
    public int Bytes { get; }

    /// <summary>See <see cref="Batch.ExpectsNull"/>; the committer's own.</summary>
    public bool ExpectsNull { get; set; }

    // All below belongs to the committer's lock.

    /// <summary>Its place in the queue that holds it; in none before, and when its caller has an answer.</summary>
    public LinkedListNode<PendingCommit> Place { get; }

    public LinkedList<PendingCommit>? Queue => Place.List;

    /// <summary>It is part of a batch that is being committed, and can not be taken back.</summary>
    public bool IsInFlight { get; set; }

    /// <summary>A commit was attempted and its outcome is not settled: nobody may be told that nothing happened.</summary>
    public bool InDoubt { get; set; }

    public long EnqueuedAt { get; set; }

    public void LeaveQueue() => Queue?.Remove(Place);
}
