using System.Data.Common;
using Mall.Ledger.Stores;

namespace Mall.Ledger.MySql;

/// <summary>
/// What error numbers of MySQL and MariaDB mean here. They are read in the one way that all drivers have in common: an entry in
/// the exception's data, which is there when the server has said something, and missing when the connection failed.
/// </summary>
internal static class MySqlErrors
{
    private const int DuplicateEntry = 1062;
    private const int CannotBeNull = 1048;
    private const int LockWaitTimeout = 1205;
    private const int Deadlock = 1213;
    private const int UnknownThread = 1094;

    /// <summary>
    /// The server's own state: connections, permissions, shutdown, disks, locks, timeouts, read-only, killed. Everything else
    /// that a server says is about the statement.
    /// </summary>
    private static readonly HashSet<int> s_states =
    [
        1020, 1021, 1026, 1027, 1030, 1037, 1038, 1040, 1041, 1042, 1043, 1044, 1045, 1049, 1053, 1077, 1078, 1079, 1080, 1114,
        1129, 1130, 1142, 1143, 1152, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1180, 1181, 1184, LockWaitTimeout, 1206,
        Deadlock, 1227, 1290, 1297, 1317, 1370, 1615, 1637, 1696, 1698, 1792, 1836, 1927, 1969, 2006, 2013, 2055, 3024, 3100,
        3101, 3169,
    ];

    /// <summary>
    /// The server's error number, or null when the connection failed. Drivers wrap what goes wrong while they connect.
    /// </summary>
    public static int? NumberOf(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
            if (failure.Data["Server Error Code"] is int number and > 0) return number;
        return null;
    }

    /// <summary>A row with the same primary key or another unique value is there.</summary>
    public static bool IsUniqueViolation(Exception failure) => NumberOf(failure) == DuplicateEntry;

    /// <summary>The check at the end of a transaction (see <see cref="MySqlStatements.Mark"/>) did not hold.</summary>
    public static bool IsFailedCheck(Exception failure) => NumberOf(failure) == CannotBeNull;

    /// <summary>
    /// Two transactions waited for each other, and the server rolled this one back: the same may well succeed at once.
    /// </summary>
    public static bool IsDeadlock(Exception failure) => NumberOf(failure) == Deadlock;

    /// <summary>
    /// The server refused a statement, so nothing after it was executed, a commit in particular. (Other errors may be a commit's
    /// own.)
    /// </summary>
    public static bool IsRefusal(Exception failure) =>
        IsFaultOfStatement(failure) || NumberOf(failure) is Deadlock or LockWaitTimeout;

    /// <summary>The statement or its values are at fault, not the database: the same would happen again.</summary>
    public static bool IsFaultOfStatement(Exception failure) => NumberOf(failure) is { } number && !s_states.Contains(number);

    /// <summary>The session that was to be killed is gone already.</summary>
    public static bool IsUnknownThread(Exception failure) => NumberOf(failure) == UnknownThread;

    /// <summary>Waiting for the server does not help: somebody has to do something.</summary>
    public static bool IsHopelessAtStart(Exception failure) => NumberOf(failure) is 1044 or 1045 or 1049 or 1130 or 1142 or 1698;

    /// <summary>The drivers' ways to say that something went wrong between here and the server, or in it.</summary>
    public static bool IsFailure(Exception failure) => failure is DbException or TimeoutException or IOException
        or System.Net.Sockets.SocketException or InvalidOperationException
        or System.Security.Authentication.AuthenticationException;

    /// <summary>One line for an operator.</summary>
    public static string Describe(Exception failure) => NumberOf(failure) switch
    {
        1021 or 1114 => "the database server's disk is full",
        1040 => "the database server has no connection left",
        1290 or 1836 or 1792 => "the database server is read-only; is it a replica?",
        LockWaitTimeout => "a row stayed locked by another session for too long",
        { } number => $"the database server says: {failure.Message} ({number})",
        null when Innermost(failure) is TimeoutException => "the database server does not answer",
        null => $"the connection to the database failed: {Innermost(failure).Message}",
    };

    public static StoreException Failure(StoreFailure known, Exception failure) => new(known, Describe(failure), failure);

    public static LedgerUnavailableException Unavailable(Exception failure) =>
        new($"The database cannot be used now: {Describe(failure)}.", failure);

    public static LedgerFaultException Fault(string what, Exception failure) =>
        new($"The database will never accept {what}: {failure.Message} ({NumberOf(failure)}).", failure);

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}
