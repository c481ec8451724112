namespace Mall.Ledger.MySql;

/// <summary>What the error numbers of MySQL and MariaDB mean here.</summary>
internal sealed class MySqlErrors : ServerErrors
{
    public static readonly MySqlErrors Instance = new();

    // MariaDB's, or newer than the driver.
    private const MySqlErrorCode AccessDeniedWithoutPassword = (MySqlErrorCode)1698;
    private const MySqlErrorCode ConnectionKilled = (MySqlErrorCode)1927;
    private const MySqlErrorCode IdleTooLong = (MySqlErrorCode)4031;

    /// <summary>The server's own state, from disks to permissions. Everything else it says is about the statement.</summary>
    private static readonly HashSet<int> s_states =
    [
        1020, 1021, 1026, 1027, 1030, 1037, 1038, 1040, 1041, 1042, 1043, 1044, 1045, 1049, 1053, 1077, 1078, 1079, 1080, 1114,
        1129, 1130, 1142, 1143, 1152, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1180, 1181, 1184, 1205, 1206, 1213, 1226,
        1227, 1290, 1297, 1317, 1370, 1412, 1615, 1637, 1696, 1698, 1792, 1836, 1927, 1969, 2006, 2013, 2055, 3024, 3100, 3101,
        3169, 4031,
    ];

    public override bool IsRefusal(Exception failure) =>
        IsFaultOfStatement(failure) || AnswerOf(failure) is ServerAnswer.Deadlock or ServerAnswer.LockTimeout;

    public override bool IsFaultOfStatement(Exception failure) =>
        failure is TextTooLargeException || (CodeOf(failure) is { } code && !s_states.Contains((int)code));

    public override bool IsEndOfSession(Exception failure) =>
        failure is MySqlException { ErrorCode: MySqlErrorCode.None } && failure.GetBaseException() is not TimeoutException
        || CodeOf(failure) is MySqlErrorCode.ServerShutdown or ConnectionKilled or IdleTooLong;

    public override ServerAnswer AnswerOf(Exception failure) => CodeOf(failure) switch
    {
        null => ServerAnswer.None,
        MySqlErrorCode.DuplicateKeyEntry => ServerAnswer.UniqueViolation,
        MySqlErrorCode.DivisionByZero => ServerAnswer.FailedCheck,
        MySqlErrorCode.LockDeadlock => ServerAnswer.Deadlock,
        MySqlErrorCode.LockWaitTimeout => ServerAnswer.LockTimeout,
        MySqlErrorCode.DatabaseAccessDenied or MySqlErrorCode.AccessDenied or MySqlErrorCode.UnknownDatabase
            or MySqlErrorCode.HostNotPrivileged or MySqlErrorCode.TableAccessDenied or AccessDeniedWithoutPassword =>
            ServerAnswer.NoEntry,
        _ => ServerAnswer.Other,
    };

    protected override bool IsSilence(Exception failure) =>
        failure is MySqlException { ErrorCode: MySqlErrorCode.CommandTimeoutExpired } || base.IsSilence(failure);

    protected override string Detail(Exception failure) => $"{failure.Message} ({(int?)CodeOf(failure)})";

    /// <summary>The server's error, or null when it has said nothing. The driver has errors of its own for that.</summary>
    private static MySqlErrorCode? CodeOf(Exception? failure) => failure switch
    {
        null or StoreException => null, // That is what was made of one.
        MySqlException { ErrorCode: > 0 and not MySqlErrorCode.UnableToConnectToHost and var code } => code,
        _ => CodeOf(failure.InnerException),
    };
}

/// <summary>What is to be sent does not fit into a packet; half of it may.</summary>
internal sealed class TextTooLargeException() : Exception("it is larger than max_allowed_packet");
