using Mall.TestServers.Networks;

namespace Mall.TestServers;

/// <summary>
/// A database server of this process's own: in a temporary folder, on a free loopback port, durable as in production. It ends
/// with this object, and with this process at the latest, however that ends.
/// </summary>
public sealed class DatabaseServer : IAsyncDisposable
{
    private const string FolderPrefix = "mall-server-";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private static readonly Lazy<Task<DatabaseServer>>[] s_shared =
        [.. Enum.GetValues<DatabaseKind>().Select(kind => new Lazy<Task<DatabaseServer>>(() => StartSharedAsync(kind)))];

    private readonly ServerProgram _program;
    private readonly string _folder;
    private readonly IEnumerable<string> _settings;
    private ServerProcess? _process;

    private DatabaseServer(ServerProgram program, string folder, int port, IEnumerable<string> settings)
    {
        _program = program;
        _folder = folder;
        Port = port;
        _settings = settings;
    }

    public DatabaseKind Kind => _program.Kind;

    /// <summary>Stays the same when the server is started again.</summary>
    public int Port { get; }

    /// <summary>
    /// Null when this machine has the server; else why a test that needs it is skipped. Where <c>MALL_TEST_REQUIRE</c> names the
    /// server (<c>postgres</c>, <c>mariadb</c>) its absence is a failure instead.
    /// </summary>
    /// <exception cref="InvalidOperationException">It is required and missing.</exception>
    public static string? WhyMissing(DatabaseKind kind)
    {
        var program = ServerProgram.Of(kind);
        if (program.IsInstalled) return null;
        var reason = $"{kind} is not installed: apt-get install {program.Package}";
        var required = (Environment.GetEnvironmentVariable("MALL_TEST_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries);
        return required.Contains(program.Name)
            ? throw new InvalidOperationException($"{reason} (MALL_TEST_REQUIRE names it)")
            : reason;
    }

    /// <summary>
    /// The one server that all tests of this process share, each with a database of its own; started when it is first asked for.
    /// </summary>
    public static Task<DatabaseServer> SharedAsync(DatabaseKind kind) => s_shared[(int)kind].Value;

    /// <summary>Ends the shared ones, whose folders may have thousands of files by then.</summary>
    public static async Task EndSharedAsync()
    {
        foreach (var shared in s_shared)
            if (shared is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
                await (await shared.Value).DisposeAsync();
    }

    /// <summary>Starts a server of the caller's own, for tests that stop it or kill it. Ready when this completes.</summary>
    /// <param name="settings">Of the server, each <c>name=value</c>.</param>
    public static Task<DatabaseServer> StartAsync(
        DatabaseKind kind, CancellationToken cancellationToken = default, params string[] settings) =>
        StartAsync(kind, null, cancellationToken, settings);

    /// <summary>The same, on a machine of a lab; null: here, on the loopback.</summary>
    public static async Task<DatabaseServer> StartAsync(
        DatabaseKind kind, Machine? machine, CancellationToken cancellationToken, params string[] settings)
    {
        var program = ServerProgram.Of(kind, machine);
        var folder = TestFolder.Create(FolderPrefix).FullName;
        var server = new DatabaseServer(program, folder, FreePorts.Take(), settings);
        try
        {
            await program.PrepareAsync(folder, cancellationToken);
            await server.StartAgainAsync();
            await program.AddUserAsync(folder, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The address of a database on it, as the configuration key <c>db</c> takes it.</summary>
    /// <param name="database">Its name.</param>
    /// <param name="port">Of a proxy before the server, or null.</param>
    public string AddressOf(string database, int? port = null) =>
        $"{_program.Scheme}://{ServerProgram.User}:{ServerProgram.Password}@{_program.Host}:{port ?? Port}/{database}";

    /// <summary>Makes an empty database and returns its address.</summary>
    public async Task<string> CreateDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        await RunSqlAsync(_program.CreateDatabase(name), cancellationToken: cancellationToken);
        return AddressOf(name);
    }

    /// <summary>
    /// Runs SQL by the server's own command line client, as an operator would, and returns what it prints: a row a line.
    /// </summary>
    public Task<string> RunSqlAsync(string sql, string? database = null, CancellationToken cancellationToken = default) =>
        _program.RunSqlAsync(Port, database, sql, cancellationToken);

    /// <summary>Empties every table of a database but those to keep: cheaper than a new database for each test.</summary>
    public async Task EmptyAsync(string database, IReadOnlyList<string> keep, CancellationToken cancellationToken = default)
    {
        var kept = string.Join(", ", keep.Select(table => $"'{table}'"));
        var deletes = await RunSqlAsync(_program.DeletesOf(database, kept), database, cancellationToken);
        if (deletes.Length > 0) await RunSqlAsync(deletes, database, cancellationToken);
    }

    /// <summary>Ends the sessions of every client of a database, in the middle of whatever they do.</summary>
    public Task KillSessionsAsync(string database, CancellationToken cancellationToken = default) =>
        _program.KillSessionsAsync(Port, database, cancellationToken);

    /// <summary>An orderly stop, as for maintenance: clients are cut off, what was committed is on the disk.</summary>
    public Task StopAsync() => EndAsync(_program.StopSignal, withChildren: false);

    /// <summary>The server dies as if its machine had: every process of it at once, by SIGKILL.</summary>
    public Task KillAsync() => EndAsync("KILL", withChildren: true);

    /// <summary>Starts it after a stop or a kill, on the same port with the same data.</summary>
    public async Task StartAgainAsync()
    {
        if (_process is not null) throw new InvalidOperationException("The server runs already.");
        var commandLine = _program.CommandLine(_folder, Port).Concat(_settings.Select(setting => $"--{setting}"));
        _process = ServerProcess.Start([.. commandLine], _program.ReadyLine);
        await _process.WaitUntilReadyAsync(s_patience);
    }

    /// <summary>
    /// The server hangs: it accepts and answers nothing, and closes nothing either. Until <see cref="ResumeAsync"/>.
    /// </summary>
    public Task SuspendAsync() => _process!.SignalAsync("STOP", withChildren: true);

    public Task ResumeAsync() => _process!.SignalAsync("CONT", withChildren: true);

    /// <inheritdoc cref="ServerProcess.ProcessorTimeAsync"/>
    public Task<TimeSpan> ProcessorTimeAsync() => _process!.ProcessorTimeAsync();

    /// <summary>Kills the server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await KillAsync();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private static async Task<DatabaseServer> StartSharedAsync(DatabaseKind kind)
    {
        var server = await StartAsync(kind);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.DisposeAsync().AsTask().Wait(s_patience);
        return server;
    }

    private async Task EndAsync(string signal, bool withChildren)
    {
        var process = _process ?? throw new InvalidOperationException("The server does not run.");
        await process.SignalAsync(signal, withChildren);
        await process.WaitUntilEndedAsync(s_patience);
        _process = null;
    }
}
