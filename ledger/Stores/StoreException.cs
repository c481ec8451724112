namespace Mall.Ledger.Stores;

/// <summary>What is known about a transaction that failed.</summary>
public enum StoreFailure
{
    /// <summary>It was not committed and never will be; it may be tried again.</summary>
    NothingHappened,

    /// <summary>
    /// Likewise, because of somebody in the batch, and it was not found whom: half of it may do better. Of a single write set:
    /// somebody else was in its way for a moment.
    /// </summary>
    Refused,

    /// <summary>Likewise, because another session has something locked, and it was not found what.</summary>
    Locked,

    /// <summary>The commit was sent and its acknowledgement lost: read the commit mark back.</summary>
    OutcomeUnknown,
}

/// <summary>The database failed (as opposed to: it refused a write set, which is that write set's outcome).</summary>
/// <param name="failure">What is known about the transaction.</param>
/// <param name="message">What is wrong, for an operator, in one line.</param>
/// <param name="innerException">The driver's exception, if there is one.</param>
public sealed class StoreException(StoreFailure failure, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public StoreFailure Failure { get; } = failure;
}
