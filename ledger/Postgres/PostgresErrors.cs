using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>What PostgreSQL's SQLSTATEs mean here (appendix A of its manual).</summary>
internal sealed class PostgresErrors : ServerErrors
{
    public static readonly PostgresErrors Instance = new();

    public override bool IsRefusal(Exception failure) => failure is PostgresException { InvariantSeverity: "ERROR" };

    public override bool IsUniqueViolation(Exception failure) =>
        failure is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    public override bool IsDeadlock(Exception failure) => failure is PostgresException
    {
        SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
    };

    public override bool IsLockTimeout(Exception failure) =>
        failure is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable };

    /// <summary>A statement that counts what it has done has found another number.</summary>
    public static bool IsFailedCheck(Exception failure) =>
        failure is PostgresException { SqlState: PostgresErrorCodes.DivisionByZero };

    /// <inheritdoc/>
    /// <remarks>Data, cardinality, integrity, syntax or access (not permissions, which somebody grants), limits.</remarks>
    public override bool IsFaultOfStatement(Exception failure) =>
        IsRefusal(failure)
        && failure is PostgresException { SqlState: not PostgresErrorCodes.InsufficientPrivilege and var state }
        && state.AsSpan(0, 2) is "22" or "21" or "23" or "42" or "54" or "0A";

    public override bool IsHopelessAtStart(Exception failure) => failure is PostgresException
    {
        SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege
    };

    public override bool IsEndOfSession(Exception failure) =>
        failure is NpgsqlException { InnerException: not TimeoutException } && !IsFaultOfStatement(failure);

    public override string Describe(Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => "the database server's disk is full",
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } => "the database server has no connection left",
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } =>
            "the database server is read-only; is it a replica?",
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } =>
            "a row stayed locked by another session for too long",
        PostgresException => $"the database server says: {Detail(failure)}",
        NpgsqlException { InnerException: TimeoutException } => "the database server does not answer",
        NpgsqlException { InnerException: { } inner } => $"the connection to the database failed: {inner.Message}",
        _ => $"the connection to the database failed: {failure.Message}",
    };

    protected override string Detail(Exception failure) => failure is PostgresException server
        ? $"{server.MessageText} ({server.SqlState})"
        : failure.Message;
}
