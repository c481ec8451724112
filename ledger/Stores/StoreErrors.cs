namespace Mall.Ledger.Stores;

/// <summary>What a driver's exceptions mean here.</summary>
internal abstract class StoreErrors
{
    /// <summary>The driver's ways to say that something went wrong between here and the database, or in it.</summary>
    public abstract bool IsFailure(Exception failure);

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
