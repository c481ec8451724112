using System.Data;
using System.Text.RegularExpressions;
using MySqlConnector;

namespace Mall.Ledger.MySql;

/// <summary>
/// MySQL (8.0.19 or newer) or MariaDB (10.6 or newer). A commit is acknowledged when it is on the server's disk, provided that
/// the server was not told otherwise (<c>innodb_flush_log_at_trx_commit</c>).
/// </summary>
internal sealed partial class MySqlStore : ServerStore
{
    private const string Locking = "for update skip locked";

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

    protected override Query<long> ReserveIds => s_reserveIds;

    public override Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) => ClaimAsync(
        ShortQueries.Pick(claim, Locking),
        (sql, items) =>
        {
            sql.Add("update due set claimed_by = ").AddText(claim.Claimant)
                .Add(", claimed_until = ").Add(claim.Until.ToUnixTimeMilliseconds()).Add(", attempts = attempts + 1 where ");
            var or = "";
            foreach (var item in items)
            {
                sql.Add(or).Add("(kind = ").AddText(item.Kind).Add(" and `key` = ").AddText(item.Key).Add(")");
                or = " or ";
            }
        });

    public override Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) => ClaimAsync(
        ShortQueries.Pick(column, claim, Locking),
        (sql, items) =>
        {
            var (table, key, time) = (column.Table, MySqlSql.Quoted(column.Key.Name), column.DueTime);
            sql.Add($"update {table} set {time} = ").Add(claim.Until.ToUnixTimeMilliseconds()).Add($" where {key} in (");
            var comma = "";
            foreach (var item in items)
            {
                sql.Add(comma);
                if (column.Key.Type == ColumnType.Number) sql.Add(item.Key);
                else sql.AddText(item.Key);
                comma = ", ";
            }

            sql.Add(")");
        });

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

    protected override Migrator MigratorOn(DbConnection connection) => new MySqlMigrator((MySqlConnection)connection);

    protected override ValueTask CloseAsync() => _connections.DisposeAsync();

    protected override string Translate(string sql) => BareKey.Replace(sql, "`key`");

    protected override DbParameter Parameter(int position, in Value value) => new MySqlParameter(
        $"@p{position}", value.IsNumber ? value.Number : value.Text is { } text ? text : DBNull.Value);

    /// <summary>In one transaction, because an update here does not tell its rows: locks them, then marks them.</summary>
    private Task<IReadOnlyList<DueItem>> ClaimAsync(
        (Query<DueItem> Query, Value[] Parameters) pick, Action<SqlText, IReadOnlyList<DueItem>> mark) => OnScheduler(async () =>
    {
        await using var connection = await _connections.Pool.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
        await using var command = new MySqlCommand(connection, transaction);
        var items = await ReadAsync(command, pick.Query, pick.Parameters, CancellationToken.None);
        if (items.Count > 0)
        {
            var sql = new SqlText();
            mark(sql, items);
            await MySqlText.ExecuteAsync(connection, sql.ToString(), transaction);
        }

        await transaction.CommitAsync();
        return items;
    });

    // The one column name of ours that is a word of the language here. After a dot it needs no quotes.
    [GeneratedRegex(@"(?<![\w.`""'@]|duplicate )key(?![\w`""'])")]
    private static partial Regex BareKey { get; }

    [GeneratedRegex(@"\d+\.\d+(\.\d+)?")]
    private static partial Regex VersionNumber { get; }

    [LoggerMessage(2102, LogLevel.Warning,
        "The database server does not wait for its disk (innodb_flush_log_at_trx_commit = {Flush}): commits can be lost")]
    private partial void LogNotDurable(long flush);
}
