namespace Mall.Ledger;

/// <summary>A write set on its way to its commit, and the promise made to its caller.</summary>
internal sealed class PendingCommit : TaskCompletionSource<CommitOutcome>
{
    public PendingCommit(WriteSet writes, TaskCreationOptions continuations = TaskCreationOptions.RunContinuationsAsynchronously)
        : base(continuations)
    {
        Writes = writes;
        ExpectsNull = writes.IsRefusal;
        Place = new LinkedListNode<PendingCommit>(this);
        Keys = ConflictKeys.Of(writes);
        foreach (var (_, values) in writes.Changes)
            foreach (var value in values) Bytes += 16 + (value.IsNumber ? 0 : value.Text?.Length ?? 0);
    }

    public WriteSet Writes { get; }

    /// <summary>Within what it was handed in, when that is traced.</summary>
    public Activity? Caller { get; } = Activity.Current is { Recorded: true } caller ? caller : null;

    public long[] Keys { get; }

    /// <summary>About what it takes in the database; batches are bounded by it.</summary>
    public int Bytes { get; }

    // What is known of it within its batch; the committer's loop's own.

    /// <summary>Whether it undoes what has never happened, as far as is known: a refusal, or so a look has found.</summary>
    public bool ExpectsNull { get; set; }

    /// <summary>What becomes of it if the transaction commits, unless there is a <see cref="Fault"/>.</summary>
    public CommitOutcome Outcome { get; private set; }

    /// <summary>It can never succeed: its author is told.</summary>
    public LedgerFaultException? Fault { get; private set; }

    public bool Proceeds { get; set; }
    public bool IsFound { get; set; }

    /// <summary>The key of the row for which it is held back, or <see cref="ConflictKeys.None"/>.</summary>
    public long HeldBackBy { get; set; }

    /// <summary>Whether it is still to be written: nothing was found that settles it, and nobody has its rows locked.</summary>
    public bool IsOpen => !IsFound && HeldBackBy == ConflictKeys.None;

    // All below belongs to the committer's lock.

    /// <summary>Its place in the queue that holds it; in none before, and when its caller has an answer.</summary>
    public LinkedListNode<PendingCommit> Place { get; }

    public LinkedList<PendingCommit>? Queue => Place.List;

    /// <summary>It is part of a batch that is being committed, and can not be taken back.</summary>
    public bool IsInFlight { get; set; }

    /// <summary>A commit was attempted and its outcome is not settled: nobody may be told that nothing happened.</summary>
    public bool InDoubt { get; set; }

    public long EnqueuedAt { get; set; }

    /// <summary>Enters a batch: what was known in another counts no more.</summary>
    public void Join() => (Outcome, Fault, Proceeds, IsFound, HeldBackBy) = (default, null, false, false, ConflictKeys.None);

    public void Settle(CommitOutcome outcome, LedgerFaultException? fault = null) => (Outcome, Fault) = (outcome, fault);

    public void LeaveQueue() => Queue?.Remove(Place);
}
