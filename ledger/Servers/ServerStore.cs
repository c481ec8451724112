namespace Mall.Ledger.Servers;

/// <summary>A database server, for several silos. One connection writes batches, one after the other (docs/decisions/0015); a
/// small pool serves everything that is short. Nobody holds a thread while the server works.</summary>
internal abstract partial class ServerStore(
    LedgerOptions options, TimeProvider time, ILogger logger, DbDataSource pool, ServerWriter writer, ServerErrors errors,
    MigratorWords migrations, Query<long> now, Query<long> settled, Query<long> reserveIds, Query<long>? whenMigrated = null)
    : IStore
{
    /// <summary>Of the 100 that PostgreSQL allows by default, and the 151 of MySQL; several processes share them.</summary>
    public const int MostPooled = 16;

    // A pooled connection whose server has been restarted since is found to be dead when it is used; the next one may be, too.
    private const int MostTries = 3;

    public TaskScheduler Scheduler => TaskScheduler.Default;

    protected StoreAddress Address => options.Address;

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        try
        {
            if (await CheckServerAsync(connection, cancellationToken) is { } settings) LogNotDurable(logger, settings);
            await new Migrator(connection, errors, migrations, time).MigrateAsync(null, cancellationToken);
            if (whenMigrated is { } query) await new Statement<long>(query).ReadAsync(connection, cancellationToken);
        }
        catch (Exception failure) when (errors.IsFailure(failure) && failure is not OperationCanceledException)
        {
            throw errors.CannotStart(Address, failure);
        }
    }

    public ValueTask ApplyAsync(Batch batch) => writer.ApplyAsync(batch);

    public ValueTask<bool> HasCommittedAsync(string committer, long number) => writer.HasCommittedAsync(committer, number);

    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken) =>
        StorableValues.FaultOf(parameters) is { } impossible
            ? throw impossible
            : await RunAsync(c => new Statement<T>(query, parameters).ReadAsync(c, cancellationToken), cancellationToken);

    public async Task<long> SettledAsync(CancellationToken cancellationToken) =>
        (await QueryAsync(settled, [], cancellationToken))[0];

    public async Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) =>
        DateTimeOffset.FromUnixTimeMilliseconds((await QueryAsync(now, [], cancellationToken))[0]);

    public async Task<long> ReserveIdsAsync(string sequence, int count) =>
        (await QueryAsync(reserveIds, [sequence, count], CancellationToken.None))[0];

    public Task<IReadOnlyList<T>> PickAsync<T>(Pick<T> pick) => RunAsync(async connection =>
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
        var picked = await pick.Rows.Locking().ReadAsync(connection);
        if (picked.Count == 0) return picked;
        foreach (var statement in pick.Write(picked)) await statement.ReadAsync(connection);
        await transaction.CommitAsync();
        return picked;
    }, CancellationToken.None);

    // By the ledger that used it, then by the container that made it: a second time does nothing.
    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        await pool.DisposeAsync();
    }

    /// <returns>The settings by which the server does not wait for its disk; null when it does.</returns>
    /// <exception cref="LedgerStartException">It is too old.</exception>
    protected abstract Task<string?> CheckServerAsync(DbConnection connection, CancellationToken cancellationToken);

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
                return await pool.OpenConnectionAsync(cancellationToken);
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

    // Whatever is short may be repeated when its session has ended: at worst some ids, or claims until they run out, are lost.
    private async Task<T> RunAsync<T>(Func<DbConnection, Task<T>> action, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var isOpen = false; // What is said before is about no statement.
            try
            {
                await using var connection = await pool.OpenConnectionAsync(cancellationToken);
                isOpen = true;
                return await action(connection);
            }
            catch (Exception failure) when (isOpen && errors.IsFaultOfStatement(failure))
            {
                throw StoreErrors.NotAQuery(failure);
            }
            catch (Exception failure)
                when (failure is DbException or IOException or SocketException or TimeoutException or ObjectDisposedException)
            {
                if (tries == MostTries || !errors.IsEndOfSession(failure)) throw errors.Unavailable(failure);
            }
        }
    }

    [LoggerMessage(2100, LogLevel.Warning, "Waiting for {Address}: {Problem}; for {LeftSeconds:0} more seconds")]
    private static partial void LogWaiting(ILogger logger, StoreAddress address, string problem, double leftSeconds);

    [LoggerMessage(2101, LogLevel.Warning, "The database server does not wait for its disk ({Settings}): commits can be lost")]
    private static partial void LogNotDurable(ILogger logger, string settings);
}
