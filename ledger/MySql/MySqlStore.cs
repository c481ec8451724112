using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mall.Ledger.Stores;
using Microsoft.Extensions.Logging;

namespace Mall.Ledger.MySql;

/// <summary>
/// MySQL (8.0.19 or newer) or MariaDB (10.6 or newer), for several silos, by whatever ADO.NET driver the host has brought. One
/// connection writes batches on a thread of its own, where the committer's loop runs as well; a few others serve everything that
/// is short. A commit is acknowledged when it is on the server's disk, provided that the server was not told otherwise
/// (<c>innodb_flush_log_at_trx_commit</c>).
/// </summary>
public sealed partial class MySqlStore : IStore
{
    /// <summary>
    /// Sessions beside the committer's: queries are short, and the rest of the process waits for them in its turns.
    /// </summary>
    private const int MostReaders = 8;

    private readonly LedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly MySqlConnections _connections;
    private readonly MySqlReaders _readers;
    private readonly MySqlWriter _writer;
    private readonly BlockingThreads _thread = new("mall-ledger-mysql-writer", 1);
    private readonly ConcurrentDictionary<string, string> _queries = new(StringComparer.Ordinal);
    private int _isDisposed;

    /// <param name="options">With an address of kind MySQL, and a driver.</param>
    /// <param name="time">For the journal of migrations and for pauses.</param>
    /// <param name="logger">Told what an operator ought to know of the server.</param>
    /// <exception cref="LedgerStartException">There is no driver.</exception>
    public MySqlStore(LedgerOptions options, TimeProvider time, ILogger<MySqlStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _logger = logger;
        _connections = new MySqlConnections(options.Address, options.MySqlDriver, options.CommitTimeout);
        _readers = new MySqlReaders(_connections, MostReaders);

        // Not from the seeded source: whoever has the same name ends this store's sessions, and two processes
        // may have the same seed.
        _writer = new MySqlWriter(
            _connections, $"mall-committer-{RandomNumberGenerator.GetHexString(16, lowercase: true)}", time);
    }

    /// <inheritdoc/>
    public TaskScheduler Scheduler => _thread;

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        using var session = await new ServerPatience(_options, _time, _logger).ConnectAsync(
            _ => _thread.Run(_connections.Open), MySqlErrors.IsFailure, MySqlErrors.IsHopelessAtStart, MySqlErrors.Describe,
            cancellationToken);
        await _thread.Run(() =>
        {
            try
            {
                CheckServer(session);
                MySqlMigrator.Migrate(session, _options.Address.Database, MigrationScripts.Of("mysql"), _time.GetUtcNow());
                return true;
            }
            catch (Exception failure) when (MySqlErrors.IsFailure(failure))
            {
                throw new LedgerStartException($"db: {_options.Address}: {MySqlErrors.Describe(failure)}.", failure);
            }
        });
    }

    /// <inheritdoc/>
    public ValueTask ApplyAsync(Batch batch)
    {
        try
        {
            _writer.Apply(batch);
            return ValueTask.CompletedTask;
        }
        catch (StoreException failure)
        {
            return ValueTask.FromException(failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> HasCommittedAsync(string committer, long number)
    {
        try
        {
            return ValueTask.FromResult(_writer.HasCommitted(committer, number));
        }
        catch (StoreException failure)
        {
            return ValueTask.FromException<bool>(failure);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        if (StorableValues.FaultOf(parameters) is { } impossible) throw impossible;
        var sql = _queries.GetOrAdd(query.Sql, QuoteKey);
        return await _readers.ReadAsync(session => session.Read(sql, query.Map, parameters)).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long> ReserveIdsAsync(string sequence, int count) =>
        _readers.WriteAsync(session => session.ExecuteAll(new SqlText()
            .Add("start transaction;insert into id_blocks (name, next) values (").AddText(sequence).Add(", ").Add(1 + count)
            .Add(") on duplicate key update next = next + ").Add(count)
            .Add(";set @first = (select next - ").Add(count).Add(" from id_blocks where name = ").AddText(sequence)
            .Add(");commit;select @first").ToString()));

    /// <inheritdoc/>
    public Task ReturnIdsAsync(string sequence, long first, long end) =>
        _readers.WriteAsync(session => session.Execute(new SqlText()
            .Add("update id_blocks set next = ").Add(first)
            .Add(" where name = ").AddText(sequence).Add(" and next = ").Add(end).ToString()));

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) =>
        _readers.WriteAsync(session => MySqlClaims.Claim(session, claim));

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) =>
        _readers.WriteAsync(session => MySqlClaims.Claim(session, column, claim));

    /// <summary>Closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        // By the ledger that used it, then by the container that made it.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _thread.Run(() =>
        {
            _writer.Dispose();
            return true;
        });
        _thread.Dispose();
        _readers.Dispose();
    }

    private void CheckServer(MySqlSession session)
    {
        // Converted, because some drivers cannot read texts in the server's own character set.
        var version = session.Read("select convert(version() using utf8mb4)", row => row.GetString(0))[0];
        var isMariaDb = version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        var oldest = isMariaDb ? new Version(10, 6) : new Version(8, 0, 19);
        if (VersionNumber.Match(version) is { Success: true } match && Version.Parse(match.Value) < oldest)
            throw new LedgerStartException(
                $"db: the server at {_options.Address} is {(isMariaDb ? "MariaDB" : "MySQL")} {version}; "
                + $"{oldest} or newer is needed.");
        var flush = session.ReadNumber("select @@innodb_flush_log_at_trx_commit");
        if (flush != 1) LogNotDurable(flush);
    }

    private static string QuoteKey(string sql) => BareKey.Replace(sql, "`key`");

    // The one column name of ours that is a word of the language here. After a dot it needs no quotes.
    [GeneratedRegex(@"(?<![\w.`""'@])key(?![\w`""'])")]
    private static partial Regex BareKey { get; }

    [GeneratedRegex(@"\d+\.\d+(\.\d+)?")]
    private static partial Regex VersionNumber { get; }

    [LoggerMessage(2102, LogLevel.Warning,
        "The database server does not wait for its disk (innodb_flush_log_at_trx_commit = {Flush}): commits can be lost")]
    private partial void LogNotDurable(long flush);
}
