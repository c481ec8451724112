using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Mall.Ledger.Servers;

/// <summary>
/// A database server, for several silos. One connection writes batches, one after the other; a small pool serves everything that
/// is short. Nobody holds a thread while the server works.
/// </summary>
internal abstract class ServerStore(LedgerOptions options, TimeProvider time, ILogger logger, ServerErrors errors) : IStore
{
    // A pooled connection whose server has been restarted since is found to be dead when it is used; the next one may be, too.
    private const int MostReads = 3;

    private readonly ConcurrentDictionary<string, string> _sql = new(StringComparer.Ordinal);
    private int _isDisposed;

    public TaskScheduler Scheduler => TaskScheduler.Default;

    protected StoreAddress Address => options.Address;

    /// <summary>For everything that is short.</summary>
    protected abstract DbDataSource Pool { get; }

    protected abstract ServerWriter Writer { get; }

    protected virtual Query<long> ReserveIds => ShortQueries.ReserveIds;

    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ServerPatience(options, time, logger).ConnectAsync(
            Pool.OpenConnectionAsync, errors, cancellationToken);
        try
        {
            await CheckServerAsync(connection, cancellationToken);
            await MigratorOn(connection).MigrateAsync(time.GetUtcNow(), cancellationToken);
        }
        catch (Exception failure) when (errors.IsFailure(failure) && failure is not OperationCanceledException)
        {
            throw errors.CannotStart(Address, failure);
        }
    }

    public ValueTask ApplyAsync(Batch batch) => Writer.ApplyAsync(batch);

    public ValueTask<bool> HasCommittedAsync(string committer, long number) => Writer.HasCommittedAsync(committer, number);

    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        if (StorableValues.FaultOf(parameters) is { } impossible) throw impossible;
        for (var reads = 1; ; reads++)
        {
            try
            {
                await using var command = Pool.CreateCommand();
                return await ReadAsync(command, query, parameters, cancellationToken);
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

    public async Task<long> ReserveIdsAsync(string sequence, int count) =>
        (await WriteAsync((ReserveIds, [sequence, count])))[0];

    public Task ReturnIdsAsync(string sequence, long first, long end) =>
        WriteAsync((ShortQueries.ReturnIds, [sequence, first, end]));

    public abstract Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim);

    public abstract Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim);

    public async ValueTask DisposeAsync()
    {
        // By the ledger that used it, then by the container that made it.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await Writer.DisposeAsync();
        await CloseAsync();
    }

    /// <exception cref="LedgerStartException">It is too old.</exception>
    protected abstract Task CheckServerAsync(DbConnection connection, CancellationToken cancellationToken);

    protected abstract Migrator MigratorOn(DbConnection connection);

    protected abstract ValueTask CloseAsync();

    /// <summary>A query's SQL in the server's own words.</summary>
    protected abstract string Translate(string sql);

    /// <param name="position">From 1.</param>
    protected abstract DbParameter Parameter(int position, in Value value);

    /// <summary>Never from the seeded source: whoever has the same name ends this store's sessions.</summary>
    protected static string NewCommitterName() =>
        $"mall-committer-{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Writes in one statement, once.</summary>
    protected Task<IReadOnlyList<T>> WriteAsync<T>((Query<T> Query, Value[] Parameters) write) => OnScheduler(async () =>
    {
        await using var command = Pool.CreateCommand();
        return await ReadAsync(command, write.Query, write.Parameters, CancellationToken.None);
    });

    /// <summary>Not on the caller's scheduler: ids that one grain asks for are waited for by others.</summary>
    protected Task<T> OnScheduler<T>(Func<Task<T>> action) => Task.Factory.StartNew(
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

    protected async Task<IReadOnlyList<T>> ReadAsync<T>(
        DbCommand command, Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        command.CommandText = _sql.GetOrAdd(query.Sql, Translate);
        for (var i = 0; i < parameters.Length; i++) command.Parameters.Add(Parameter(i + 1, parameters[i]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken)) return [];
        var rows = new List<T>();
        do rows.Add(query.Map(reader));
        while (await reader.ReadAsync(cancellationToken));
        return rows;
    }
}
