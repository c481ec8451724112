using System.Data;
using System.Net.Sockets;

namespace Mall.Ledger.Servers;

/// <summary>
/// A database server, for several silos. One connection writes batches, one after the other (docs/decisions/0015); a small
/// pool serves everything that is short. Nobody holds a thread while the server works.
/// </summary>
internal abstract partial class ServerStore(
    LedgerOptions options, TimeProvider time, ILogger logger, ServerConnections connections,
    Func<ServerWriter> newWriter, ServerErrors errors, MigratorWords migrations, Query<long> now, Query<long> settled) : IStore
{
    // A pooled connection whose server has been restarted since is found to be dead when it is used; the next one may be, too.
    private const int MostReads = 3;

    private readonly ServerWriter _writer = newWriter();

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

    public ValueTask ApplyAsync(Batch batch) => _writer.ApplyAsync(batch);

    public ValueTask<bool> HasCommittedAsync(string committer, long number) => _writer.HasCommittedAsync(committer, number);

    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        if (StorableValues.FaultOf(parameters) is { } impossible) throw impossible;
        for (var reads = 1; ; reads++)
        {
            var isOpen = false; // What is said before is about no statement.
            try
            {
                await using var connection = await connections.Pool.OpenConnectionAsync(cancellationToken);
                isOpen = true;
                return await new Statement<T>(query, parameters).ReadAsync(connection.CreateCommand(), cancellationToken);
            }
            catch (Exception failure) when (isOpen && errors.IsFaultOfStatement(failure))
            {
                throw StoreErrors.NotAQuery(failure);
            }
            catch (Exception failure)
                when (failure is DbException or IOException or SocketException or TimeoutException or ObjectDisposedException)
            {
                if (reads == MostReads || !errors.IsEndOfSession(failure)) throw errors.Unavailable(failure);
            }
        }
    }

    public async Task<long> SettledAsync(CancellationToken cancellationToken) =>
        (await QueryAsync(settled, [], cancellationToken))[0];

    public async Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) =>
        DateTimeOffset.FromUnixTimeMilliseconds((await QueryAsync(now, [], cancellationToken))[0]);

    public async Task<long> ReserveIdsAsync(string sequence, int count) => (await WriteAsync(ReserveIds(sequence, count)))[0];

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) => PickAsync(ShortQueries.Claim(claim));

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) =>
        PickAsync(ShortQueries.Claim(column, claim));

    public async Task<int> CleanUpAsync(DateTimeOffset before, int limit) =>
        (await PickAsync(ShortQueries.CleanUp(before, limit))).Count;

    public async ValueTask DisposeAsync()
    {
        // By the ledger that used it, then by the container that made it.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _writer.DisposeAsync();
        await connections.DisposeAsync();
    }

    /// <exception cref="LedgerStartException">It is too old.</exception>
    protected abstract Task CheckServerAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>Once the schema is as it should be.</summary>
    protected virtual Task GetReadyAsync(DbConnection connection, CancellationToken cancellationToken) => Task.CompletedTask;

    protected virtual Statement<long> ReserveIds(string sequence, int count) => ShortQueries.ReserveIds(sequence, count);

    protected static Task<IReadOnlyList<T>> AskAsync<T>(
        DbConnection connection, Query<T> query, CancellationToken cancellationToken) =>
        new Statement<T>(query).ReadAsync(connection.CreateCommand(), cancellationToken);

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
                if (errors.AnswerOf(failure) == ServerAnswer.NoEntry || left <= TimeSpan.Zero)
                    throw errors.CannotStart(Address, failure);
                LogWaiting(logger, Address, errors.Describe(failure), left.TotalSeconds);
                await Task.Delay(backoff.After(failures), time, cancellationToken);
            }
        }
    }

    /// <summary>Writes in one statement, once.</summary>
    private Task<IReadOnlyList<T>> WriteAsync<T>(Statement<T> statement) =>
        TryAsync(() => statement.ReadAsync(connections.Pool.CreateCommand()));

    private Task<IReadOnlyList<T>> PickAsync<T>(Pick<T> pick) => TryAsync(async () =>
    {
        await using var connection = await connections.Pool.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
        var picked = await ExecuteAsync(pick.Rows.Locking());
        if (picked.Count == 0) return picked;
        foreach (var statement in pick.Write(picked)) await ExecuteAsync(statement);
        await transaction.CommitAsync();
        return picked;

        Task<IReadOnlyList<TRow>> ExecuteAsync<TRow>(Statement<TRow> statement)
        {
            var command = connection.CreateCommand();
            command.Transaction = transaction;
            return statement.ReadAsync(command);
        }
    });

    private async Task<T> TryAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception failure) when (errors.IsFailure(failure))
        {
            throw errors.Unavailable(failure);
        }
    }

    [LoggerMessage(2100, LogLevel.Warning, "Waiting for {Address}: {Problem}; for {LeftSeconds:0} more seconds")]
    private static partial void LogWaiting(ILogger logger, StoreAddress address, string problem, double leftSeconds);
}

/// <summary>The ways to a server; disposing of them closes them.</summary>
/// <param name="Pool">For whatever is short; several processes share what a server allows.</param>
/// <param name="Committer">Opens the connection that batches are written through.</param>
internal sealed record ServerConnections(DbDataSource Pool, DbDataSource Committer) : IAsyncDisposable
{
    /// <summary>Tells the sessions of committers, of this process and of others, from everybody else's.</summary>
    public const string CommitterPrefix = "mall-committer-";

    /// <summary>Of the 100 that PostgreSQL allows by default, and the 151 of MySQL.</summary>
    public const int MostPooled = 16;

    public async ValueTask DisposeAsync()
    {
        await Committer.DisposeAsync();
        await Pool.DisposeAsync();
    }
}
