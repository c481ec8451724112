using Mall.Ledger.Stores;
using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>What PostgreSQL's SQLSTATEs mean here (appendix A of its manual).</summary>
internal static class PostgresErrors
{
    /// <summary>
    /// The server refused a statement, ended the transaction and goes on: nothing of it happened. Anything else (FATAL, a lost
    /// connection, a timeout) says nothing about a commit that had been sent.
    /// </summary>
    public static bool IsRefusal(Exception failure) => failure is PostgresException { InvariantSeverity: "ERROR" };

    /// <summary>A row with the same primary key or another unique value is there.</summary>
    public static bool IsUniqueViolation(PostgresException failure) => failure.SqlState == PostgresErrorCodes.UniqueViolation;

    /// <summary>A statement made by <see cref="PostgresSql.Checked"/> changed another number of rows than it had to.</summary>
    public static bool IsFailedCheck(PostgresException failure) => failure.SqlState == PostgresErrorCodes.DivisionByZero;

    /// <summary>
    /// Two transactions waited for each other, and the server chose this one: the same may well succeed at once.
    /// </summary>
    public static bool IsDeadlock(PostgresException failure) =>
        failure.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure;

    /// <summary>
    /// The statement or its values are at fault, not the database: the same would happen again. The classes are data, cardinality
    /// and integrity, syntax or access (but not a missing permission, which an operator grants), program limits, features.
    /// </summary>
    public static bool IsFaultOfStatement(PostgresException failure) =>
        IsRefusal(failure) && failure.SqlState != PostgresErrorCodes.InsufficientPrivilege
        && failure.SqlState.AsSpan(0, 2) is "22" or "21" or "23" or "42" or "54" or "0A";

    /// <summary>Waiting for the server does not help: somebody has to do something.</summary>
    public static bool IsHopelessAtStart(Exception failure) => failure is PostgresException
    {
        SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege
    };

    /// <summary>The driver's ways to say that it could not talk to the server.</summary>
    public static bool IsFailure(Exception failure) => failure is NpgsqlException or TimeoutException or IOException
        or System.Net.Sockets.SocketException or ObjectDisposedException or OperationCanceledException
        or InvalidOperationException;

    /// <summary>One line for an operator.</summary>
    public static string Describe(Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => "the database server's disk is full",
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } => "the database server has no connection left",
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } =>
            "the database server is read-only; is it a replica?",
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } =>
            "a row stayed locked by another session for too long",
        PostgresException server => $"the database server says: {server.MessageText} ({server.SqlState})",
        NpgsqlException { InnerException: TimeoutException } => "the database server does not answer",
        NpgsqlException { InnerException: { } inner } => $"the connection to the database failed: {inner.Message}",
        _ => $"the connection to the database failed: {failure.Message}",
    };

    public static StoreException Failure(StoreFailure known, Exception failure) => new(known, Describe(failure), failure);

    public static LedgerUnavailableException Unavailable(Exception failure) =>
        new($"The database cannot be used now: {Describe(failure)}.", failure);

    public static LedgerFaultException Fault(string what, PostgresException failure) =>
        new($"The database will never accept {what}: {failure.MessageText} ({failure.SqlState}).", failure);
}
