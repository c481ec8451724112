namespace Mall.Ledger;

/// <summary>The store could not be reached or refused to work, and nothing was written.</summary>
public sealed class LedgerUnavailableException(string message, Exception? innerException = null)
    : Exception(message, innerException);

/// <summary>The commit's outcome could not be established in time: repeat with the same barrier key.</summary>
public sealed class LedgerOutcomeUnknownException(string message, Exception? innerException = null)
    : Exception(message, innerException);

/// <summary>Too many write sets wait already. Nothing was written; try again later.</summary>
public sealed class LedgerBusyException(string message) : Exception(message);

/// <summary>The database refused the statement for what it is: no such column, a text where a number must be, a check that does
/// not hold. Nothing was written, and repeating it will not help: a bug.</summary>
public sealed class LedgerFaultException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>The ledger cannot start; the message is one line for whoever starts the process.</summary>
public sealed class LedgerStartException(string message, Exception? innerException = null) : Exception(message, innerException);
