namespace Mall.Bench.Hosting;

/// <summary>A database server in a temporary folder, durable by its own defaults; it ends with this object.</summary>
sealed class BenchServer : IAsyncDisposable
{
    // By default InnoDB holds 128 MiB of tables in memory, less than a turn writes, and 96 MiB of log. (PostgreSQL has the
    // system's memory besides its own.) It says nothing of durability.
    const string Room = "set global innodb_buffer_pool_size = 1073741824; set global innodb_log_file_size = 1073741824";

    readonly DatabaseServer _server;
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
        var server = await DatabaseServer.StartAsync(kind, cancellationToken);
        if (kind == DatabaseKind.MariaDb) await server.RunSqlAsync(Room, cancellationToken: cancellationToken);
        var settings = await server.RunSqlAsync(SettingsOf(kind), cancellationToken: cancellationToken);
        return new BenchServer(server, $"{settings}, {new DriveInfo(Path.GetTempPath()).DriveFormat}");
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its name, and its address as the setting <c>db</c> takes it.</returns>
    public async Task<(string Name, string Address)> CreateDatabaseAsync(string prefix, CancellationToken cancellationToken)
    {
        var name = $"{prefix}_{++_databases}";
        return (name, await _server.CreateDatabaseAsync(name, cancellationToken));
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
          """
        : """
          select concat('MariaDB ', version(), ', innodb_flush_log_at_trx_commit=', @@innodb_flush_log_at_trx_commit,
            ', innodb_doublewrite=', @@innodb_doublewrite, ', log_bin=', @@log_bin,
            ', innodb_buffer_pool_size=', @@innodb_buffer_pool_size, ', innodb_log_file_size=', @@innodb_log_file_size)
          """;
}
