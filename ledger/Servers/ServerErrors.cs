using System.Net.Sockets;
using System.Security.Authentication;

namespace Mall.Ledger.Servers;

internal abstract class ServerErrors : StoreErrors
{
    /// <summary>
    /// The server refused a statement, so nothing after it was executed, a commit in particular. Anything else (a lost
    /// connection, a timeout, the end of the server) says nothing about a commit that had been sent.
    /// </summary>
    public abstract bool IsRefusal(Exception failure);

    /// <summary>A row with the same primary key or another unique value is there.</summary>
    public abstract bool IsUniqueViolation(Exception failure);

    /// <summary>Two transactions waited for each other, and the server chose this one: it may well succeed at once.</summary>
    public abstract bool IsDeadlock(Exception failure);

    /// <summary>Another session has had a lock for longer than the statement may wait.</summary>
    public abstract bool IsLockTimeout(Exception failure);

    /// <summary>Waiting for the server does not help: somebody has to do something.</summary>
    public abstract bool IsHopelessAtStart(Exception failure);

    /// <summary>This session has ended; another may be well.</summary>
    public abstract bool IsEndOfSession(Exception failure);

    public override bool IsFailure(Exception failure) => failure is System.Data.Common.DbException or TimeoutException
        or IOException or SocketException or AuthenticationException or OperationCanceledException or InvalidOperationException;
}
