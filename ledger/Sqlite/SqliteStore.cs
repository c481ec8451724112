using Microsoft.Data.Sqlite;
using Microsoft.Extensions.ObjectPool;

namespace Mall.Ledger.Sqlite;

/// <summary>The embedded database: one file, one process. One connection writes, on a thread of its own; readers are pooled.
/// Every commit is on the disk when it is acknowledged (<c>synchronous=full</c>); the log is copied into the file as it
/// grows.</summary>
public sealed class SqliteStore(StoreAddress address, TimeProvider time, TaskScheduler? scheduler = null, bool sharesFile = false)
    : IStore
{
    // All in one transaction, which holds SQLite's write lock from its beginning.
    internal static readonly MigratorWords Migrations =
        new("sqlite", "begin immediate; select 1", "commit", IsTransactional: false, Undo: "rollback", TimeoutSeconds: 5);

    private static readonly Task<long> s_all = Task.FromResult(long.MaxValue);

    private readonly ObjectPool<SqliteSession> _readers = new DefaultObjectPoolProvider { MaximumRetained = 16 }.Create(
        new SqliteReaders(() => new SqliteSession(
            address.Path,
            "pragma query_only = on; pragma busy_timeout = 5000; pragma temp_store = memory; pragma cache_size = -8192;")));
    private int _isDisposed;

    // Set by OpenAsync, used on the scheduler alone.
    private FileStream? _lock;
    private SqliteSession? _own;
    private SqliteWriter? _writer;

    public TaskScheduler Scheduler { get; } = scheduler ?? new SqliteThread();

    public Task OpenAsync(CancellationToken cancellationToken) => Run<Task>(async () =>
    {
        try
        {
            await OpenAsync();
        }
        catch (Exception failure)
        {
            Close();
            if (!SqliteErrors.Instance.IsFailure(failure)) throw;
            throw WhyUnusable() is { } reason
                ? new LedgerStartException($"db: {address}: {reason}", failure)
                : SqliteErrors.Instance.CannotStart(address, failure);
        }
    }).Unwrap();

    public ValueTask ApplyAsync(Batch batch)
    {
        Writer().Apply(batch);
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> HasCommittedAsync(string committer, long number) => new(Writer().HasCommitted(committer, number));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return address.IsInMemory // Memory is seen by the one connection that owns it.
            ? await Run(() => Write(new Statement<T>(query, parameters)))
            : Try(() => Read(query, parameters));
    }

    // One batch after the other: whatever a reader sees, nothing will ever come before it.
    public Task<long> SettledAsync(CancellationToken cancellationToken) => s_all;

    public Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) => Task.FromResult<DateTimeOffset?>(null);

    public Task<long> ReserveIdsAsync(string sequence, int count) =>
        Run(() => Write(new Statement<long>(ShortQueries.ReserveIds, sequence, count))[0]);

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) => PickAsync(ShortQueries.Claim(claim));

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) =>
        PickAsync(ShortQueries.Claim(column, claim));

    public async Task<int> CleanUpAsync(DateTimeOffset before, int limit) =>
        (await PickAsync(ShortQueries.CleanUp(before, limit))).Count;

    /// <summary>For tests: a pragma on the connection that writes, and what it answers.</summary>
    internal Task<long> PragmaAsync(string pragma) => Run(() => Own().Read(ShortQueries.Number(pragma), [])[0]);

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
        if (address.IsInMemory)
        {
            _own = new SqliteSession(":memory:", "pragma foreign_keys = off; pragma temp_store = memory;");
        }
        else
        {
            // The commit that makes the log 64 MB long copies it into the file: orders touch pages all over, and the longer the
            // log, the more often a page is in it and is copied once.
            _lock = sharesFile ? null : SqliteFileLock.Take(address.Path);
            _own = new SqliteSession(address.Path, """
                pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = off;
                pragma busy_timeout = 5000; pragma temp_store = memory; pragma cache_size = -65536;
                pragma wal_autocheckpoint = 16000; pragma journal_size_limit = 67108864;
                """);
        }

        await new Migrator(_own.Connection, SqliteErrors.Instance, Migrations, time).MigrateAsync(null, CancellationToken.None);
        _writer = new SqliteWriter(_own);
    }

    // SQLite says that it cannot open a file, and the operating system why. Nobody has it open here: closing it would end locks.
    private string? WhyUnusable()
    {
        try
        {
            if (!address.IsInMemory) File.Open(address.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }

    private void Close()
    {
        ((IDisposable)_readers).Dispose();
        _own?.Dispose();
        (_writer, _own) = (null, null);
        _lock?.Dispose();
    }

    private SqliteWriter Writer() =>
        _writer ?? throw new StoreException(StoreFailure.NothingHappened, "The database is not open.");

    private SqliteSession Own() => _own ?? throw new LedgerUnavailableException("The database is not open.");

    private Task<T> Run<T>(Func<T> action) => Volatile.Read(ref _isDisposed) == 0
        ? OnScheduler(action)
        : Task.FromException<T>(new LedgerUnavailableException("The database is closed."));

    private Task<T> OnScheduler<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler);

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

    private IReadOnlyList<T> Write<T>(Statement<T> statement) => Try(() => Own().Read(statement.Query, statement.Parameters));

    // Between two batches, so what was picked is still the same when it is written to.
    private Task<IReadOnlyList<T>> PickAsync<T>(Pick<T> pick) => Run(() => Try(() =>
    {
        var own = Own();
        var picked = own.Read(pick.Rows.Query, pick.Rows.Parameters);
        if (picked.Count == 0) return picked;
        own.Execute("begin immediate");
        try
        {
            foreach (var (query, parameters) in pick.Write(picked)) own.Execute(query.Sql, parameters);
            own.Execute("commit");
            return picked;
        }
        catch
        {
            if (own.IsInTransaction) own.Execute("rollback");
            throw;
        }
    }));

    private static T Try<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Instance.IsFaultOfStatement(failure)
                ? StoreErrors.NotAQuery(failure)
                : SqliteErrors.Instance.Unavailable(failure);
        }
        catch (ObjectDisposedException closed) // The pool of readers is.
        {
            throw new LedgerUnavailableException("The database is closed.", closed);
        }
    }
}
