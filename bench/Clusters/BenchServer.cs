using System.Globalization;
using Mall.Bench.Reporting;
using Mall.TestServers;

namespace Mall.Bench.Clusters;

/// <summary>
/// A database server of this process's own, in a temporary folder, durable by its own defaults; it ends with this object.
/// </summary>
sealed class BenchServer : IAsyncDisposable
{
    readonly DatabaseServer _server;

    BenchServer(DatabaseServer server, string settings) => (_server, Settings) = (server, settings);

    public DatabaseKind Kind => _server.Kind;

    /// <summary>What the server says its version and its settings of durability are, and the file system of its folder.</summary>
    public string Settings { get; }

    /// <exception cref="BenchmarkException">This machine does not have the server.</exception>
    public static async Task<BenchServer> StartAsync(
        DatabaseKind kind, ProgressDisplay display, CancellationToken cancellationToken)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason)
            throw new BenchmarkException(reason);
        var fileSystem = new DriveInfo(Path.GetTempPath()).DriveFormat;
        if (fileSystem is "tmpfs" or "ramfs")
            display.Say($"Attention: {Path.GetTempPath()} lies in memory ({fileSystem}): nothing there is durable. See TMPDIR.");
        display.Say($"Starting {kind}");
        var server = await DatabaseServer.StartAsync(kind, cancellationToken);
        try
        {
            return new BenchServer(server, $"{await SettingsOf(server, cancellationToken)}; {fileSystem}");
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its address, as the setting <c>db</c> takes it.</returns>
    public Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken) =>
        _server.CreateDatabaseAsync(name, cancellationToken);

    /// <summary>Runs statements and returns nothing.</summary>
    public Task ExecuteAsync(string database, string sql, CancellationToken cancellationToken) =>
        _server.RunSqlAsync(sql, database, cancellationToken);

    /// <summary>The one number that a query finds.</summary>
    public async Task<long> NumberAsync(string database, string sql, CancellationToken cancellationToken) =>
        long.Parse(await _server.RunSqlAsync(sql, database, cancellationToken), CultureInfo.InvariantCulture);

    /// <inheritdoc cref="ServerProcess.ProcessorTimeAsync"/>
    public Task<TimeSpan> ProcessorTimeAsync() => _server.ProcessorTimeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    static Task<string> SettingsOf(DatabaseServer server, CancellationToken cancellationToken) => server.RunSqlAsync(
        server.Kind == DatabaseKind.Postgres
            ? """
              select 'PostgreSQL ' || current_setting('server_version') || ', fsync=' || current_setting('fsync')
                || ', synchronous_commit=' || current_setting('synchronous_commit')
                || ', full_page_writes=' || current_setting('full_page_writes')
              """
            : """
              select concat('MariaDB ', version(), ', innodb_flush_log_at_trx_commit=', @@innodb_flush_log_at_trx_commit,
                ', innodb_doublewrite=', @@innodb_doublewrite, ', log_bin=', @@log_bin)
              """,
        cancellationToken: cancellationToken);
}
