namespace Mall.Ledger;

/// <summary>A write set on its way to its commit, and the promise made to its caller.</summary>
internal sealed class PendingCommit : TaskCompletionSource<CommitOutcome>
{
    /// <param name="continuations">See <see cref="LedgerOptions.Continuations"/>.</param>
    public PendingCommit(WriteSet writes, TaskCreationOptions continuations = TaskCreationOptions.RunContinuationsAsynchronously)
        : base(continuations)
    {
        Writes = writes;
        Keys = ConflictKeys.Of(writes);
        foreach (var change in writes.Changes)
        {
            Bytes += 16 * change.Values.Length;
            foreach (var value in change.Values)
                if (!value.IsNumber && value.Text is { } text) Bytes += text.Length;
        }
    }

    public WriteSet Writes { get; }

    /// <summary>See <see cref="ConflictKeys"/>.</summary>
    public long[] Keys { get; }

    /// <summary>About what it takes in the database; batches are bounded by it.</summary>
    public int Bytes { get; }

    // All below belongs to the queue that holds it, under that queue's lock.

    public PendingState State { get; set; }

    /// <summary>A commit was attempted and its outcome is not settled: nobody may be told that nothing happened.</summary>
    public bool InDoubt { get; set; }

    public long EnqueuedAt { get; set; }
    public CancellationTokenRegistration Cancellation { get; set; }
    public PendingCommit? Previous { get; set; }
    public PendingCommit? Next { get; set; }
}

/// <summary>Where a write set stands.</summary>
internal enum PendingState
{
    /// <summary>Waits for a batch; it can still be taken back.</summary>
    Queued,

    /// <summary>Part of the batch that is being committed.</summary>
    InFlight,

    /// <summary>Out of the queue: its caller has an answer.</summary>
    Done,
}
