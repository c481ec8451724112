namespace Mall.Ledger;

/// <summary>The store could not be reached or refused to work, and nothing was written.</summary>
public sealed class LedgerUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>The commit's outcome could not be established in time: it may have happened. Repeat with the same barrier key.</summary>
public sealed class LedgerOutcomeUnknownException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>Too many write sets wait already. Nothing was written; try again later.</summary>
public sealed class LedgerBusyException(string message) : Exception(message);
