using System.Text.RegularExpressions;

namespace Mall.Ledger.MySql;

/// <summary>
/// MySQL (8.0.19 or newer) or MariaDB (10.6 or newer). A commit is acknowledged when it is on the server's disk, provided that
/// the server was not told otherwise (<c>innodb_flush_log_at_trx_commit</c>).
/// </summary>
internal sealed partial class MySqlStore : ServerStore
{
    // Locks are the server's, not the database's, and their names have at most 64 characters.
    private const string LockName = "left(concat('mall-migrations-', database()), 64)";

    internal static readonly MigratorWords Words = new(
        "mysql", $"select get_lock({LockName}, 0)", $"select release_lock({LockName})", $"select release_lock({LockName})",
        IsTransactional: false);

    private static readonly Query<long> s_reserveIds = ShortQueries.Number("""
        insert into id_blocks (name, next) values (@p1, last_insert_id(1) + @p2)
        on duplicate key update next = last_insert_id(next) + @p2;
        select last_insert_id()
        """);

    private readonly ILogger _logger;
    private readonly MySqlConnections _connections;

    public MySqlStore(LedgerOptions options, TimeProvider time, ILogger logger)
        : base(options, time, logger, MySqlErrors.Instance)
    {
        _logger = logger;
        _connections = new MySqlConnections(options.Address, options.CommitTimeout);
        Writer = new MySqlWriter(_connections, NewCommitterName(), time);
    }

    protected override DbDataSource Pool => _connections.Pool;

    protected override ServerWriter Writer { get; }

    protected override Statement<long> ReserveIds(string sequence, int count) => new(s_reserveIds, sequence, count);

    protected override async Task CheckServerAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "select version(), @@innodb_flush_log_at_trx_commit";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var version = reader.GetString(0);
        var isMariaDb = version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        var oldest = isMariaDb ? new Version(10, 6) : new Version(8, 0, 19);
        if (VersionNumber.Match(version) is { Success: true } match && Version.Parse(match.Value) < oldest)
            throw new LedgerStartException(
                $"db: the server at {Address} is {(isMariaDb ? "MariaDB" : "MySQL")} {version}; {oldest} or newer is needed.");
        if (Convert.ToInt64(reader.GetValue(1), null) is not 1 and var flush) LogNotDurable(flush);
    }

    protected override MigratorWords Migrations => Words;

    protected override ValueTask CloseAsync() => _connections.DisposeAsync();

    [GeneratedRegex(@"\d+\.\d+(\.\d+)?")]
    private static partial Regex VersionNumber { get; }

    [LoggerMessage(2102, LogLevel.Warning,
        "The database server does not wait for its disk (innodb_flush_log_at_trx_commit = {Flush}): commits can be lost")]
    private partial void LogNotDurable(long flush);
}
