using System.Data;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Mall.Ledger.Servers;

/// <summary>
/// A database server, for several silos. One connection writes batches, one after the other; a small pool serves everything that
/// is short. Nobody holds a thread while the server works.
/// </summary>
internal abstract partial class ServerStore(
    LedgerOptions options, TimeProvider time, ILogger logger, ServerConnections connections, ServerWriter writer,
    ServerErrors errors, MigratorWords migrations) : IStore
{
    // A pooled connection whose server has been restarted since is found to be dead when it is used; the next one may be, too.
    private const int MostReads = 3;

    private const string Locking = "for update skip locked";

    private int _isDisposed;

    public TaskScheduler Scheduler => TaskScheduler.Default;

    protected StoreAddress Address => options.Address;

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        try
        {
            await CheckServerAsync(connection, cancellationToken);
            await new Migrator(connection, errors, migrations, time).MigrateAsync(cancellationToken);
            await GetReadyAsync(connection, cancellationToken);
        }
        catch (Exception failure) when (errors.IsFailure(failure) && failure is not OperationCanceledException)
        {
            throw errors.CannotStart(Address, failure);
        }
    }

    public ValueTask ApplyAsync(Batch batch) => writer.ApplyAsync(batch);

    public ValueTask<bool> HasCommittedAsync(string committer, long number) => writer.HasCommittedAsync(committer, number);

    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        if (StorableValues.FaultOf(parameters) is { } impossible) throw impossible;
        for (var reads = 1; ; reads++)
        {
            try
            {
                await using var command = connections.Pool.CreateCommand();
                return await ReadAsync(command, new Statement<T>(query, parameters), cancellationToken);
            }
            catch (Exception failure) when (errors.IsFaultOfStatement(failure))
            {
                throw StoreErrors.NotAQuery(failure);
            }
            catch (Exception failure) when (failure is DbException or IOException or SocketException or TimeoutException)
            {
                if (reads == MostReads || !errors.IsEndOfSession(failure)) throw errors.Unavailable(failure);
            }
        }
    }

    public Task<long> SettledAsync(CancellationToken cancellationToken) => NumberAsync(Settled, cancellationToken);

    public async Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) =>
        DateTimeOffset.FromUnixTimeMilliseconds(await NumberAsync(Now, cancellationToken));

    public async Task<long> ReserveIdsAsync(string sequence, int count) => (await WriteAsync(ReserveIds(sequence, count)))[0];

    public Task ReturnIdsAsync(string sequence, long first, long end) =>
        WriteAsync(ShortQueries.ReturnIds(sequence, first, end));

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) =>
        PickAsync(ShortQueries.Due(claim, Locking), items => ShortQueries.Claim(claim, items));

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) =>
        PickAsync(ShortQueries.Due(column, claim, Locking), items => ShortQueries.Claim(column, claim, items));

    public async Task<int> CleanUpAsync(DateTimeOffset before, int limit) =>
        (await PickAsync(ShortQueries.Ended(before, limit, Locking), ShortQueries.CleanUp)).Count;

    public async ValueTask DisposeAsync()
    {
        // By the ledger that used it, then by the container that made it.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await writer.DisposeAsync();
        await connections.DisposeAsync();
    }

    /// <exception cref="LedgerStartException">It is too old.</exception>
    protected abstract Task CheckServerAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Once the schema is as it should be.</summary>
    protected virtual Task GetReadyAsync(DbConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>See <see cref="IStore.SettledAsync"/>.</summary>
    protected abstract Query<long> Settled { get; }

    /// <summary>The time in Unix milliseconds.</summary>
    protected abstract Query<long> Now { get; }

    private async Task<long> NumberAsync(Query<long> query, CancellationToken cancellationToken) =>
        (await QueryAsync(query, [], cancellationToken))[0];

    protected virtual Statement<long> ReserveIds(string sequence, int count) => ShortQueries.ReserveIds(sequence, count);

    /// <summary>Tells the sessions of committers, of this process and of others, from everybody else's.</summary>
    protected const string CommitterPrefix = "mall-committer-";

    /// <summary>Never from the seeded source: whoever has the same name ends this store's sessions.</summary>
    protected static string NewCommitterName() =>
        $"{CommitterPrefix}{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Waits for a server that is not up yet: after a power cut all start at once.</summary>
    /// <exception cref="LedgerStartException">None within <see cref="LedgerOptions.StartTimeout"/>; it says why.</exception>
    private async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(2), options.Random);
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await connections.Pool.OpenConnectionAsync(cancellationToken);
            }
            catch (Exception failure) when (errors.IsFailure(failure) && !cancellationToken.IsCancellationRequested)
            {
                var left = options.StartTimeout - time.GetElapsedTime(started);
                if (errors.IsHopelessAtStart(failure) || left <= TimeSpan.Zero) throw errors.CannotStart(Address, failure);
                LogWaiting(logger, Address, errors.Describe(failure), left.TotalSeconds);
                await Task.Delay(backoff.After(failures), time, cancellationToken);
            }
        }
    }

    /// <summary>Writes in one statement, once.</summary>
    private Task<IReadOnlyList<T>> WriteAsync<T>(Statement<T> statement) => OnScheduler(async () =>
    {
        await using var command = connections.Pool.CreateCommand();
        return await ReadAsync(command, statement, CancellationToken.None);
    });

    /// <summary>Locks rows and writes to them, in a transaction.</summary>
    private Task<IReadOnlyList<T>> PickAsync<T>(
        Statement<T> pick, Func<IReadOnlyList<T>, IEnumerable<Statement<long>>> write) => OnScheduler(async () =>
    {
        await using var connection = await connections.Pool.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
        var picked = await ExecuteAsync(pick);
        if (picked.Count == 0) return picked;
        foreach (var statement in write(picked)) await ExecuteAsync(statement);
        await transaction.CommitAsync();
        return picked;

        async Task<IReadOnlyList<TRow>> ExecuteAsync<TRow>(Statement<TRow> statement)
        {
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            return await ReadAsync(command, statement, CancellationToken.None);
        }
    });

    /// <summary>Not on the caller's scheduler: ids that one grain asks for are waited for by others.</summary>
    private Task<T> OnScheduler<T>(Func<Task<T>> action) => Task.Factory.StartNew(
        async () =>
        {
            try
            {
                return await action();
            }
            catch (Exception failure) when (errors.IsFailure(failure))
            {
                throw errors.Unavailable(failure);
            }
        },
        CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(
        DbCommand command, Statement<T> statement, CancellationToken cancellationToken)
    {
        command.CommandText = statement.Query.Sql;
        foreach (var (i, value) in statement.Parameters.Index())
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ($"p{i + 1}", value.ToObject());
            command.Parameters.Add(parameter);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return [];
        var rows = new List<T>();
        do rows.Add(statement.Query.Map(reader));
        while (await reader.ReadAsync(cancellationToken));
        return rows;
    }

    [LoggerMessage(2100, LogLevel.Warning, "Waiting for {Address}: {Problem}; for {LeftSeconds:0} more seconds")]
    private static partial void LogWaiting(ILogger logger, StoreAddress address, string problem, double leftSeconds);
}
