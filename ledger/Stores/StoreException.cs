namespace Mall.Ledger.Stores;

/// <summary>What is known about a transaction that failed.</summary>
public enum StoreFailure
{
    /// <summary>It was not committed and never will be; it may be tried again.</summary>
    NothingHappened,

    /// <summary>Likewise, because of somebody in the batch, not known whom. Of one: something was in its way just then.</summary>
    Refused,

    /// <summary>Likewise, because another session has something locked, and it was not found what.</summary>
    Locked,

    /// <summary>The commit was sent and its acknowledgement lost: read the commit mark back.</summary>
    OutcomeUnknown,
}

/// <summary>The database failed (as opposed to: it refused a write set, which is that write set's outcome).</summary>
/// <param name="message">What is wrong, for an operator, in one line.</param>
public sealed class StoreException(StoreFailure failure, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    public StoreFailure Failure { get; } = failure;
}

/// <summary>What a driver's exceptions mean here.</summary>
internal abstract class StoreErrors
{
    /// <summary>The statement or its values are at fault, not the database: the same would happen again.</summary>
    public abstract bool IsFaultOfStatement(Exception failure);

    /// <summary>One line for an operator, without a full stop.</summary>
    public abstract string Describe(Exception failure);

    public StoreException Failure(StoreFailure known, Exception failure) => new(known, Describe(failure), failure);

    public LedgerUnavailableException Unavailable(Exception failure) =>
        new($"The database cannot be used now: {Describe(failure)}.", failure);

    public LedgerStartException CannotStart(StoreAddress address, Exception failure) =>
        new($"db: {address}: {Describe(failure)}.", failure);

    public LedgerFaultException Fault(string what, Exception failure) =>
        new($"The database will never accept {what}: {Detail(failure)}.", failure);

    public static LedgerFaultException NotAQuery(Exception failure) =>
        new($"The query is not one for this database: {failure.Message}", failure);

    /// <summary>What the database said, with its code.</summary>
    protected abstract string Detail(Exception failure);
}
