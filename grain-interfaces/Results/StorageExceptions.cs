namespace Mall;

/// <summary>
/// The database did not answer. The effect may or may not have happened: repeat with the same key. Clients see 100005.
/// </summary>
public sealed class StorageUnavailableException : Exception
{
    public StorageUnavailableException() : this("The storage is unavailable.") { }

    public StorageUnavailableException(string message) : base(message) { }

    public StorageUnavailableException(string message, Exception innerException) : base(message, innerException) { }

    /// <param name="message">What the ledger said; for the log, not for customers.</param>
    /// <param name="outcomeUnknown">False when it is certain that nothing was written.</param>
    public StorageUnavailableException(string message, bool outcomeUnknown) : base(message) => OutcomeUnknown = outcomeUnknown;

    /// <summary>False when it is certain that nothing was written. Known only within the silo that threw it.</summary>
    public bool OutcomeUnknown { get; } = true;
}

/// <summary>
/// A grain's write found that another activation, or nobody, owns its row by now. Nothing was written, the grain has given
/// itself up; the same call reaches the present owner. Clients see 100005.
/// </summary>
public sealed class StaleActivationException : Exception
{
    public StaleActivationException() : this("Another activation owns the row.") { }

    public StaleActivationException(string message) : base(message) { }

    public StaleActivationException(string message, Exception innerException) : base(message, innerException) { }
}
