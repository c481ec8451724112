using Mall.Ledger.Stores;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Mall.Ledger.Sqlite;

/// <summary>
/// The embedded database: one file, one process. One connection writes, on a thread of its own; readers are pooled. Every commit
/// is on the disk when it is acknowledged (<c>synchronous=full</c>); the log is copied into the file as it grows.
/// </summary>
public sealed class SqliteStore : IStore
{
    private readonly StoreAddress _address;
    private readonly TimeProvider _time;
    private readonly bool _isGuest;
    private readonly BlockingThreads? _thread;
    private readonly SqliteReaders _readers;
    private int _isDisposed;

    // Set by OpenAsync, used on the scheduler alone.
    private SqliteFileLock? _lock;
    private SqliteConnection? _connection;
    private SqliteReader? _ownReader;
    private SqliteWriter? _writer;
    private SqliteClaims? _claims;
    private SqliteStatement? _reserve;
    private SqliteStatement? _return;

    /// <param name="address">Of kind SQLite.</param>
    /// <param name="time">For the journal of migrations.</param>
    /// <param name="scheduler">Where to run instead of on a thread of its own; see <see cref="LedgerOptions.Scheduler"/>.</param>
    /// <param name="isGuest">See <see cref="LedgerOptions.IsGuest"/>.</param>
    public SqliteStore(StoreAddress address, TimeProvider time, TaskScheduler? scheduler = null, bool isGuest = false)
    {
        SQLitePCL.Batteries_V2.Init();
        _address = address;
        _time = time;
        _isGuest = isGuest;
        _readers = new SqliteReaders(OpenReader);
        Scheduler = scheduler ?? (_thread = new BlockingThreads("mall-ledger-sqlite", 1));
    }

    /// <inheritdoc/>
    public TaskScheduler Scheduler { get; }

    private sqlite3 Db => _connection?.Handle ?? throw new LedgerUnavailableException("The database is not open.");

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken) => Run(() =>
    {
        try
        {
            return Open();
        }
        catch (Exception failure)
        {
            Close();
            throw failure switch
            {
                SqliteException e => CannotStart(e.SqliteExtendedErrorCode, e),
                SqliteStatementException e => CannotStart(e.Code, e),
                _ => failure,
            };
        }

        LedgerStartException CannotStart(int code, Exception failure) =>
            new($"db: {_address}: {SqliteErrors.Describe(code, failure.Message)}.", failure);
    });

    /// <inheritdoc/>
    public ValueTask ApplyAsync(Batch batch)
    {
        try
        {
            Writer().Apply(batch);
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
            return ValueTask.FromResult(Writer().HasCommitted(committer, number));
        }
        catch (SqliteStatementException failure)
        {
            return ValueTask.FromException<bool>(
                SqliteErrors.Failure(StoreFailure.OutcomeUnknown, failure.Code, failure.Message));
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<IReadOnlyList<T>>(cancellationToken);

        // Memory is seen by the one connection that owns it.
        if (_address.IsInMemory) return Run(() => Read(() => OwnReader().Read(query, parameters)));
        try
        {
            return Task.FromResult(Read(() => _readers.Read(query, parameters)));
        }
        catch (Exception failure) // Whatever the mapping throws belongs to the caller, as a task's exception.
        {
            return Task.FromException<IReadOnlyList<T>>(failure);
        }
    }

    /// <inheritdoc/>
    public Task<long> ReserveIdsAsync(string sequence, int count) => Run(() => Write(() =>
    {
        _reserve ??= new SqliteStatement(Db, """
            insert into id_blocks (name, next) values (?1, 1 + ?2)
            on conflict (name) do update set next = next + ?2
            returning next - ?2
            """);
        return _reserve.Bind(1, sequence).Bind(2, count).Read(row => row.Number(0))[0];
    }));

    /// <inheritdoc/>
    public Task ReturnIdsAsync(string sequence, long first, long end) => Run(() => Write(() =>
    {
        _return ??= new SqliteStatement(Db, "update id_blocks set next = ?2 where name = ?1 and next = ?3");
        return _return.Bind(1, sequence).Bind(2, first).Bind(3, end).Execute();
    }));

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) =>
        Run(() => Write<IReadOnlyList<DueItem>>(() => Claims().Claim(claim)));

    /// <inheritdoc/>
    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) =>
        Run(() => Write<IReadOnlyList<DueItem>>(() => Claims().Claim(column, claim)));

    /// <summary>For tests: a pragma on the connection that writes, and what it answers.</summary>
    internal Task<long> PragmaAsync(string pragma) => Run(() =>
    {
        using var statement = new SqliteStatement(Db, pragma);
        return statement.Read(row => row.Number(0))[0];
    });

    /// <summary>Closes the file. What was queued before has been done then.</summary>
    public async ValueTask DisposeAsync()
    {
        // By the ledger that used it, then by the container that made it.
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await OnScheduler(() =>
        {
            Close();
            return true;
        });
        _thread?.Dispose();
    }

    private bool Open()
    {
        if (_address.IsInMemory)
        {
            _connection = Connect(":memory:", "pragma foreign_keys = off; pragma temp_store = memory;");
            _ownReader = new SqliteReader(_connection);
        }
        else
        {
            // The commit that makes the log 8 MB long copies it into the file and takes tens of milliseconds for it. A larger log
            // makes that longer and rarer; the size is a compromise that nobody has found to matter much either way.
            _lock = _isGuest ? null : SqliteFileLock.Take(_address.Path);
            _connection = Connect(_address.Path, """
                pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = off;
                pragma busy_timeout = 5000; pragma temp_store = memory; pragma cache_size = -65536;
                pragma wal_autocheckpoint = 2000; pragma journal_size_limit = 67108864;
                """);
        }

        SqliteMigrator.Migrate(Db, MigrationScripts.Of("sqlite"), _time.GetUtcNow());
        _writer = new SqliteWriter(Db);
        _claims = new SqliteClaims(Db);
        return true;
    }

    private void Close()
    {
        _readers.Dispose();
        _writer?.Dispose();
        _claims?.Dispose();
        _reserve?.Dispose();
        _return?.Dispose();
        (_writer, _claims, _reserve, _return) = (null, null, null, null);
        if (_ownReader is not null) _ownReader.Dispose();
        else _connection?.Dispose();
        (_connection, _ownReader) = (null, null);
        _lock?.Dispose();
    }

    private SqliteConnection OpenReader() =>
        Connect(
            _address.Path,
            "pragma query_only = on; pragma busy_timeout = 5000; pragma temp_store = memory; pragma cache_size = -8192;");

    private static SqliteConnection Connect(string path, string pragmas)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 5,
        }.ToString());
        try
        {
            connection.Open();
            _ = raw.sqlite3_extended_result_codes(connection.Handle, 1);
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A constant.
            command.CommandText = pragmas;
#pragma warning restore CA2100
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private SqliteWriter Writer() =>
        _writer ?? throw new StoreException(StoreFailure.NothingHappened, "The database is not open.");

    private SqliteClaims Claims() => _claims ?? throw new LedgerUnavailableException("The database is not open.");

    private SqliteReader OwnReader() => _ownReader ?? throw new LedgerUnavailableException("The database is not open.");

    private Task<T> Run<T>(Func<T> action) => Volatile.Read(ref _isDisposed) == 0
        ? OnScheduler(action)
        : Task.FromException<T>(new LedgerUnavailableException("The database is closed."));

    private Task<T> OnScheduler<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler);

    private static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.IsFaultOfStatement(failure)
                ? new LedgerFaultException($"The query is not one for this database: {failure.Message}", failure)
                : SqliteErrors.Unavailable(failure);
        }
    }

    private static T Write<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (SqliteStatementException failure)
        {
            throw new LedgerUnavailableException(
                $"The database cannot be used now: {SqliteErrors.Describe(failure.Code, failure.Message)}.", failure);
        }
    }
}
