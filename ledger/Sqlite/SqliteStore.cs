namespace Mall.Ledger.Sqlite;

/// <summary>The embedded database: one file, one process. One connection writes, on a thread of its own; readers are pooled.
/// Every commit is on the disk when it is acknowledged (<c>synchronous=full</c>); the log is copied into the file as it
/// grows.</summary>
public sealed class SqliteStore(StoreAddress address, TimeProvider time, TaskScheduler? scheduler = null, bool sharesFile = false)
    : IStore
{
    // Nobody else gets at the file meanwhile: all of it is one transaction, see OpenAsync.
    internal static readonly MigratorWords Migrations = new("sqlite", "select 1", Unlock: null);

    private readonly ObjectPool<SqliteSession> _readers =
        new DefaultObjectPoolProvider { MaximumRetained = 16 }.Create(new SqliteReaders(address.Path));
    private int _isDisposed;

    // Set by OpenAsync, used on the scheduler alone.
    private FileStream? _lock;
    private SqliteSession? _own;

    public TaskScheduler Scheduler { get; } = scheduler ?? new SqliteThread();

    private SqliteWriter Writer =>
        new(_own ?? throw new StoreException(StoreFailure.NothingHappened, "The database is not open."));

    public Task OpenAsync(CancellationToken cancellationToken) => Run(OpenAsync).Unwrap();

    public ValueTask ApplyAsync(Batch batch)
    {
        Writer.Apply(batch);
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> HasCommittedAsync(string committer, long number) => new(Writer.HasCommitted(committer, number));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return address.IsInMemory // Memory is seen by the one connection that owns it.
            ? await OnOwnAsync(own => own.Read(query, parameters)) : Try(() => Read(query, parameters));
    }

    // One batch after the other: whatever a reader sees, nothing will ever come before it.
    public Task<long> SettledAsync(CancellationToken cancellationToken) => Task.FromResult(long.MaxValue);

    public Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) => Task.FromResult<DateTimeOffset?>(null);

    public Task<long> ReserveIdsAsync(string sequence, int count) =>
        OnOwnAsync(own => own.Read(ShortQueries.ReserveIds, sequence, count)[0]);

    // Between two batches, so what was picked is still the same when it is written to.
    public Task<IReadOnlyList<T>> PickAsync<T>(Pick<T> pick) => OnOwnAsync(own =>
    {
        var picked = own.Read(pick.Rows.Query, pick.Rows.Parameters);
        if (picked.Count == 0) return picked;
        using var transaction = own.Connection.BeginTransaction();
        foreach (var (query, parameters) in pick.Write(picked)) own.Execute(query.Sql, parameters);
        transaction.Commit();
        return picked;
    });

    /// <summary>Closes the file. What was queued before has been done then.</summary>
    public async ValueTask DisposeAsync()
    {
        // By the ledger that used it, then by the container that made it.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await Task.Factory.StartNew(Close, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler);
        (Scheduler as SqliteThread)?.Dispose();
    }

    private async Task OpenAsync()
    {
        try
        {
            // The commit that makes the log 64 MB long copies it into the file: orders touch pages all over, and the longer the
            // log, the more often a page is in it and is copied once.
            _lock = sharesFile || address.IsInMemory ? null : SqliteFileLock.Take(address.Path);
            _own = new SqliteSession(address.Path, """
                pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = off;
                pragma busy_timeout = 5000; pragma temp_store = memory; pragma cache_size = -65536;
                pragma wal_autocheckpoint = 16000; pragma journal_size_limit = 67108864;
                """);
            using var transaction = _own.Connection.BeginTransaction();
            await new Migrator(_own.Connection, SqliteErrors.Instance, Migrations, time).MigrateAsync(null, default);
            transaction.Commit();
        }
        catch (Exception failure)
        {
            Close();
            if (failure is SqliteException) throw WhyUnusable(failure);
            throw;
        }
    }

    // SQLite says that it cannot open a file, and the operating system why. Nobody has it open here: closing it would end locks.
    private LedgerStartException WhyUnusable(Exception failure)
    {
        try
        {
            if (!address.IsInMemory) File.Open(address.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return SqliteErrors.Instance.CannotStart(address, failure);
        }
        catch (Exception reason) when (reason is IOException or UnauthorizedAccessException)
        {
            return new LedgerStartException($"db: {address}: {reason.Message}", failure);
        }
    }

    private void Close()
    {
        ((IDisposable)_readers).Dispose();
        _own?.Dispose();
        _own = null;
        _lock?.Dispose();
    }

    private Task<T> Run<T>(Func<T> action) => Volatile.Read(ref _isDisposed) == 0
        ? Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler)
        : Task.FromException<T>(new LedgerUnavailableException("The database is closed."));

    internal Task<T> OnOwnAsync<T>(Func<SqliteSession, T> action) =>
        Run(() => Try(() => action(_own ?? throw new LedgerUnavailableException("The database is not open."))));

    private IReadOnlyList<T> Read<T>(Query<T> query, Value[] parameters)
    {
        var session = _readers.Get();
        try
        {
            var rows = session.Read(query, parameters);
            _readers.Return(session);
            return rows;
        }
        catch
        {
            session.Dispose(); // Whatever is wrong with it, the next read gets a new one.
            throw;
        }
    }

    private static T Try<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Instance.IsFaultOfStatement(failure)
                ? StoreErrors.NotAQuery(failure) : SqliteErrors.Instance.Unavailable(failure);
        }
        catch (ObjectDisposedException closed) // The pool of readers is.
        {
            throw new LedgerUnavailableException("The database is closed.", closed);
        }
    }
}
