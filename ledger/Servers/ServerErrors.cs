namespace Mall.Ledger.Servers;

/// <summary>What a server has said, as far as it makes a difference here.</summary>
internal enum ServerAnswer
{
    None, // The connection was lost, or the time was up.
    Other,
    UniqueViolation, // A row with the same primary key or another unique value is there.
    FailedCheck, // A statement that counts what it has done has found another number, and divided by zero.
    Deadlock, // Two transactions waited for each other, and the server chose this one.
    LockTimeout, // Another session has had a lock for longer than the statement may wait.
    NoEntry, // This user may not enter, or there is no such database: waiting does not help, somebody has to act.
}

internal abstract class ServerErrors : StoreErrors
{
    /// <summary>The server refused a statement and executed nothing behind it, no commit in particular.</summary>
    public abstract bool IsRefusal(Exception failure);

    /// <summary>This session has ended; another may be well.</summary>
    public abstract bool IsEndOfSession(Exception failure);

    public abstract ServerAnswer AnswerOf(Exception failure);

    /// <summary>The driver's ways to say that something went wrong between here and the database, or in it.</summary>
    public virtual bool IsFailure(Exception failure) => failure is DbException or TimeoutException
        or IOException or SocketException or AuthenticationException or OperationCanceledException or InvalidOperationException;

    public override string Describe(Exception failure) => AnswerOf(failure) switch
    {
        ServerAnswer.LockTimeout => "a row stayed locked by another session for too long",
        ServerAnswer.None when IsSilence(failure) => "the database server does not answer",
        ServerAnswer.None => $"the connection to the database failed: {failure.GetBaseException().Message}",
        _ => $"the database server says: {Detail(failure)}",
    };

    /// <summary>The time was up before the server had said anything.</summary>
    protected virtual bool IsSilence(Exception failure) => failure.GetBaseException() is TimeoutException;
}
