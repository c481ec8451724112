namespace Mall.Bench.Hosting;

/// <summary>A database server in a temporary folder, durable by its own defaults; it ends with this object.</summary>
sealed class BenchServer : IAsyncDisposable
{
    // By their defaults both are made for small machines. InnoDB holds 128 MiB of tables in memory, less than a turn writes, and
    // 96 MiB of log; PostgreSQL likewise, and makes a checkpoint, in which commits wait for its syncs, for each 512 MiB of log:
    // every 12 s. None of it is about durability. They get it when they start: a log that InnoDB makes while it runs goes through
    // the kernel's page cache until the next start, which costs each commit a copy.
    static readonly Dictionary<DatabaseKind, string[]> s_room = new()
    {
        [DatabaseKind.MariaDb] = ["innodb-buffer-pool-size=1G", "innodb-log-file-size=1G"],
        [DatabaseKind.Postgres] = ["shared_buffers=1GB", "max_wal_size=8GB"],
    };

    readonly DatabaseServer _server;
    string? _database;
    int _databases;

    BenchServer(DatabaseServer server, string settings) => (_server, Settings) = (server, settings);

    public DatabaseKind Kind => _server.Kind;

    /// <summary>What the server says its version and its settings of durability are, and the file system of its folder.</summary>
    public string Settings { get; }

    /// <exception cref="BenchmarkException">This machine does not have the server.</exception>
    public static async Task<BenchServer> StartAsync(DatabaseKind kind, CancellationToken cancellationToken)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason)
            throw new BenchmarkException(reason);
        await Console.Error.WriteLineAsync($"Starting {kind}");
        var server = await DatabaseServer.StartAsync(kind, cancellationToken, s_room[kind]);
        var settings = await server.RunSqlAsync(SettingsOf(kind), cancellationToken: cancellationToken);
        return new BenchServer(server, $"{settings}, {new DriveInfo(Path.GetTempPath()).DriveFormat}");
    }

    /// <summary>
    /// Makes an empty database in place of the one before, whose pages a server would still write and vacuum in the next turn.
    /// </summary>
    /// <returns>Its name, and its address as the setting <c>db</c> takes it.</returns>
    public async Task<(string Name, string Address)> CreateDatabaseAsync(string prefix, CancellationToken cancellationToken)
    {
        var isPostgres = Kind == DatabaseKind.Postgres;
        if (_database is not null)
            await _server.RunSqlAsync(
                $"drop database {_database}{(isPostgres ? " with (force)" : "")}", cancellationToken: cancellationToken);
        if (isPostgres) await _server.RunSqlAsync("checkpoint", cancellationToken: cancellationToken);
        _database = $"{prefix}_{++_databases}";
        return (_database, await _server.CreateDatabaseAsync(_database, cancellationToken));
    }

    /// <summary>Has PostgreSQL do now what it puts off, so that a quiet behind much work is quiet.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        if (Kind != DatabaseKind.Postgres) return;
        foreach (var command in (string[])["vacuum analyze", "checkpoint"])
            await _server.RunSqlAsync(command, _database, cancellationToken);
    }

    public Task ExecuteAsync(string database, string sql, CancellationToken cancellationToken) =>
        _server.RunSqlAsync(sql, database, cancellationToken);

    /// <summary>The one number that a query finds.</summary>
    public async Task<long> NumberAsync(string database, string sql, CancellationToken cancellationToken) =>
        long.Parse(await _server.RunSqlAsync(sql, database, cancellationToken), CultureInfo.InvariantCulture);

    /// <inheritdoc cref="ServerProcess.ProcessorTimeAsync"/>
    public Task<TimeSpan> ProcessorTimeAsync() => _server.ProcessorTimeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    static string SettingsOf(DatabaseKind kind) => kind == DatabaseKind.Postgres
        ? """
          select 'PostgreSQL ' || current_setting('server_version') || ', fsync=' || current_setting('fsync')
            || ', synchronous_commit=' || current_setting('synchronous_commit')
            || ', full_page_writes=' || current_setting('full_page_writes')
            || ', shared_buffers=' || current_setting('shared_buffers') || ', max_wal_size=' || current_setting('max_wal_size')
          """
        : """
          select concat('MariaDB ', version(), ', innodb_flush_log_at_trx_commit=', @@innodb_flush_log_at_trx_commit,
            ', innodb_doublewrite=', @@innodb_doublewrite, ', log_bin=', @@log_bin,
            ', innodb_buffer_pool_size=', @@innodb_buffer_pool_size, ', innodb_log_file_size=', @@innodb_log_file_size)
          """;
}
