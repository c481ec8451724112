using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mall.Ledger.Stores;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// PostgreSQL, for several silos. One connection writes batches, one after the other; a small pool serves everything that is a
/// single statement. A commit is acknowledged when it is on the server's disk (<c>synchronous_commit</c>), provided that the
/// server was not told to lie about that (<c>fsync</c>).
/// </summary>
public sealed partial class PostgresStore : IStore
{
    private const int OldestVersion = 14;

    // A pooled connection whose server has been restarted since is found to be dead when it is used; the next one may be, too.
    private const int MostReads = 3;

    private readonly LedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PostgresConnections _connections;
    private readonly PostgresWriter _writer;
    private readonly ConcurrentDictionary<string, string> _queries = new(StringComparer.Ordinal);
    private int _isDisposed;

    /// <param name="options">With an address of kind PostgreSQL.</param>
    /// <param name="time">For the journal of migrations and for pauses.</param>
    /// <param name="logger">Told what an operator ought to know of the server.</param>
    public PostgresStore(LedgerOptions options, TimeProvider time, ILogger<PostgresStore> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _logger = logger;

        // Not from the seeded source: whoever has the same name ends this store's sessions, and two processes
        // may have the same seed.
        var name = $"mall-committer-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";
        _connections = new PostgresConnections(options.Address, name, options.CommitTimeout);
        _writer = new PostgresWriter(_connections, time);
    }

    /// <summary>The pool: everything here waits for the server without holding a thread.</summary>
    public TaskScheduler Scheduler => TaskScheduler.Default;

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ServerPatience(_options, _time, _logger).ConnectAsync(
            token => _connections.Pool.OpenConnectionAsync(token).AsTask(), PostgresErrors.IsFailure,
            PostgresErrors.IsHopelessAtStart,
            PostgresErrors.Describe, cancellationToken);
        try
        {
            await CheckServerAsync(connection, cancellationToken);
            await PostgresMigrator.MigrateAsync(
                connection, MigrationScripts.Of("postgres"), _time.GetUtcNow(), cancellationToken);
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure) && failure is not OperationCanceledException)
        {
            throw new LedgerStartException($"db: {_options.Address}: {PostgresErrors.Describe(failure)}.", failure);
        }
    }

    /// <inheritdoc/>
    public ValueTask ApplyAsync(Batch batch) => _writer.ApplyAsync(batch);

    /// <inheritdoc/>
    public ValueTask<bool> HasCommittedAsync(string committer, long number) => _writer.HasCommittedAsync(committer, number);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        if (StorableValues.FaultOf(parameters) is { } impossible) throw impossible;
        for (var reads = 1; ; reads++)
        {
            try
            {
                return await ReadAsync(query, parameters, cancellationToken);
            }
            catch (PostgresException failure) when (PostgresErrors.IsFaultOfStatement(failure))
            {
                throw new LedgerFaultException($"The query is not one for this database: {failure.MessageText}", failure);
            }
            catch (NpgsqlException failure)
            {
                if (failure.InnerException is TimeoutException || reads == MostReads) throw PostgresErrors.Unavailable(failure);
            }
        }
    }

    /// <inheritdoc/>
    public Task<long> ReserveIdsAsync(string sequence, int count) => OnScheduler(async () =>
    {
        await using var command = _connections.Pool.CreateCommand("""
            insert into id_blocks as t (name, next) values ($1, 1 + $2)
            on conflict (name) do update set next = t.next + $2
            returning next - $2
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sequence });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = count });
        return (long)(await command.ExecuteScalarAsync())!;
    });

    /// <inheritdoc/>
    public Task ReturnIdsAsync(string sequence, long first, long end) => OnScheduler(async () =>
    {
        await using var command = _connections.Pool.CreateCommand("update id_blocks set next = $2 where name = $1 and next = $3");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sequence });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = first });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = end });
        return await command.ExecuteNonQueryAsync();
    });

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) =>
        OnScheduler(() => PostgresClaims.ClaimAsync(_connections.Pool, claim));

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) =>
        OnScheduler(() => PostgresClaims.ClaimAsync(_connections.Pool, column, claim));

    /// <summary>Closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        // By the ledger that used it, then by the container that made it.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _writer.DisposeAsync();
        await _connections.DisposeAsync();
    }

    private async Task CheckServerAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (connection.PostgreSqlVersion.Major < OldestVersion)
            throw new LedgerStartException(
                $"db: the server at {_options.Address} is PostgreSQL {connection.PostgreSqlVersion}; "
                + $"{OldestVersion} or newer is needed.");
        await using var command = new NpgsqlCommand(
            "select current_setting('fsync'), current_setting('synchronous_commit')", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.GetString(0) == "off" || reader.GetString(1) == "off") LogNotDurable(reader.GetString(0), reader.GetString(1));
    }

    private async Task<IReadOnlyList<T>> ReadAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Queries are constants of the program; what varies comes as parameters.
        await using var command = _connections.Pool.CreateCommand(_queries.GetOrAdd(query.Sql, NumberParameters));
#pragma warning restore CA2100
        foreach (var value in parameters)
            command.Parameters.Add(
                value.IsNumber ? new NpgsqlParameter<long> { TypedValue = value.Number }
                : value.Text is { } text ? new NpgsqlParameter<string> { TypedValue = text }
                : new NpgsqlParameter { Value = DBNull.Value });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return [];
        var rows = new List<T>();
        do rows.Add(query.Map(reader));
        while (await reader.ReadAsync(cancellationToken));
        return rows;
    }

    // Not on the caller's scheduler: ids that one grain asks for are waited for by others.
    private Task<T> OnScheduler<T>(Func<Task<T>> action) => Task.Factory.StartNew(
        async () =>
        {
            try
            {
                return await action();
            }
            catch (Exception failure) when (PostgresErrors.IsFailure(failure))
            {
                throw PostgresErrors.Unavailable(failure);
            }
        },
        CancellationToken.None,
        TaskCreationOptions.DenyChildAttach,
        Scheduler).Unwrap();

    private static string NumberParameters(string sql) => NamedParameter.Replace(sql, "$$$1");

    [GeneratedRegex(@"@p(\d+)\b")]
    private static partial Regex NamedParameter { get; }

    [LoggerMessage(2101, LogLevel.Warning,
        "The database server does not wait for its disk (fsync = {Fsync}, synchronous_commit = {SynchronousCommit}): "
        + "commits can be lost")]
    private partial void LogNotDurable(string fsync, string synchronousCommit);
}
