using System.Text.RegularExpressions;
using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// PostgreSQL. A commit is acknowledged when it is on the server's disk (<c>synchronous_commit</c>), provided that the server was
/// not told to lie about that (<c>fsync</c>).
/// </summary>
internal sealed partial class PostgresStore : ServerStore
{
    private const int OldestVersion = 14;
    private const string Locking = "for no key update skip locked";

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

    public override async Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) =>
        ShortQueries.Oldest(await WriteAsync(ShortQueries.Claim(claim, Locking)));

    public override Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) =>
        WriteAsync(ShortQueries.Claim(column, claim, Locking));

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

    protected override Migrator MigratorOn(DbConnection connection) => new PostgresMigrator((NpgsqlConnection)connection);

    protected override ValueTask CloseAsync() => _connections.DisposeAsync();

    protected override string Translate(string sql) => NamedParameter.Replace(sql, "$$$1");

    protected override DbParameter Parameter(int position, in Value value) =>
        value.IsNumber ? new NpgsqlParameter<long> { TypedValue = value.Number }
        : value.Text is { } text ? new NpgsqlParameter<string> { TypedValue = text }
        : new NpgsqlParameter { Value = DBNull.Value };

    [GeneratedRegex(@"@p(\d+)\b")]
    private static partial Regex NamedParameter { get; }

    [LoggerMessage(2101, LogLevel.Warning,
        "The database server does not wait for its disk (fsync = {Fsync}, synchronous_commit = {SynchronousCommit}): "
        + "commits can be lost")]
    private partial void LogNotDurable(string fsync, string synchronousCommit);
}
