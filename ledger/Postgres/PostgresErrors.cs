namespace Mall.Ledger.Postgres;

/// <summary>What PostgreSQL's SQLSTATEs mean here (appendix A of its manual).</summary>
internal sealed class PostgresErrors : ServerErrors
{
    public static readonly PostgresErrors Instance = new();

    public override bool IsRefusal(Exception failure) => failure is PostgresException { InvariantSeverity: "ERROR" };

    /// <inheritdoc/>
    /// <remarks>Data, cardinality, integrity, syntax or access (not permissions, which somebody grants), limits.</remarks>
    public override bool IsFaultOfStatement(Exception failure) =>
        IsRefusal(failure)
        && failure is PostgresException { SqlState: not PostgresErrorCodes.InsufficientPrivilege and var state }
        && state.AsSpan(0, 2) is "22" or "21" or "23" or "42" or "54" or "0A";

    public override bool IsEndOfSession(Exception failure) =>
        failure is NpgsqlException { InnerException: not TimeoutException } && !IsRefusal(failure);

    public override ServerAnswer AnswerOf(Exception failure) => (failure as PostgresException)?.SqlState switch
    {
        null => ServerAnswer.None,
        PostgresErrorCodes.UniqueViolation => ServerAnswer.UniqueViolation,
        PostgresErrorCodes.DivisionByZero => ServerAnswer.FailedCheck,
        PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure => ServerAnswer.Deadlock,
        PostgresErrorCodes.LockNotAvailable => ServerAnswer.LockTimeout,
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege => ServerAnswer.NoEntry,
        _ => ServerAnswer.Other,
    };

    protected override string Detail(Exception failure) => failure is PostgresException server
        ? $"{server.MessageText} ({server.SqlState})" : failure.Message;
}
