using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// PostgreSQL. A commit is acknowledged when it is on the server's disk (<c>synchronous_commit</c>), provided that the server was
/// not told to lie about that (<c>fsync</c>).
/// </summary>
internal sealed partial class PostgresStore : ServerStore
{
    private const int OldestVersion = 14;

    // The number is arbitrary, and the same in every version for ever.
    internal static readonly MigratorWords Words = new(
        "postgres", "select pg_try_advisory_lock(1298230380)::int", "select pg_advisory_unlock(1298230380)",
        "select pg_advisory_unlock(1298230380)", IsTransactional: true);

    private readonly ILogger _logger;
    private readonly PostgresConnections _connections;

    public PostgresStore(LedgerOptions options, TimeProvider time, ILogger logger)
        : base(options, time, logger, PostgresErrors.Instance)
    {
        _logger = logger;
        _connections = new PostgresConnections(options.Address, NewCommitterName(), options.CommitTimeout);
        Writer = new PostgresWriter(_connections, time);
    }

    protected override DbDataSource Pool => _connections.Pool;

    protected override ServerWriter Writer { get; }

    protected override async Task CheckServerAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        if (((NpgsqlConnection)connection).PostgreSqlVersion is { } version && version.Major < OldestVersion)
            throw new LedgerStartException(
                $"db: the server at {Address} is PostgreSQL {version}; {OldestVersion} or newer is needed.");
        await using var command = connection.CreateCommand();
        command.CommandText = "select current_setting('fsync'), current_setting('synchronous_commit')";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.GetString(0) == "off" || reader.GetString(1) == "off") LogNotDurable(reader.GetString(0), reader.GetString(1));
    }

    protected override MigratorWords Migrations => Words;

    protected override ValueTask CloseAsync() => _connections.DisposeAsync();

    [LoggerMessage(2101, LogLevel.Warning,
        "The database server does not wait for its disk (fsync = {Fsync}, synchronous_commit = {SynchronousCommit}): "
        + "commits can be lost")]
    private partial void LogNotDurable(string fsync, string synchronousCommit);
}
