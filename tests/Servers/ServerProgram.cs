using Mall.TestServers.Networks;

namespace Mall.TestServers;

/// <summary>What differs between the servers: where they are, how they are started, what their SQL calls things.</summary>
/// <param name="kind">Which it is.</param>
/// <param name="name">As <c>MALL_TEST_REQUIRE</c> calls it.</param>
/// <param name="package">Debian's.</param>
/// <param name="scheme">Of its addresses.</param>
/// <param name="systemUser">Who runs it when this process is root's: PostgreSQL insists, MariaDB advises.</param>
/// <param name="machine">Where it runs; null: here, on the loopback.</param>
internal abstract class ServerProgram(
    DatabaseKind kind, string name, string package, string scheme, string systemUser, Machine? machine)
{
    public const string User = "mall";
    public const string Password = "mall-test";

    public DatabaseKind Kind { get; } = kind;

    public string Name { get; } = name;

    public string Package { get; } = package;

    public string Scheme { get; } = scheme;

    /// <summary>The address that it listens at.</summary>
    public string Host { get; } = machine?.Address ?? "127.0.0.1";

    public abstract bool IsInstalled { get; }

    /// <summary>What it prints when it takes connections.</summary>
    public abstract string ReadyLine { get; }

    /// <summary>Ends it without waiting for its clients.</summary>
    public abstract string StopSignal { get; }

    public static ServerProgram Of(DatabaseKind kind, Machine? machine = null) =>
        kind == DatabaseKind.Postgres ? new PostgresProgram(machine) : new MariaDbProgram(machine);

    /// <summary>Makes the data folder.</summary>
    public async Task PrepareAsync(string folder, CancellationToken cancellationToken)
    {
        if (Environment.IsPrivilegedProcess) await Tool.RunAsync(["chown", systemUser, folder], cancellationToken);
        await Tool.RunAsync(AsServer(Initialise(folder)), cancellationToken);
    }

    /// <summary>How it is started. The kernel kills it when the thread that started it has ended.</summary>
    public IReadOnlyList<string> CommandLine(string folder, int port) =>
        [.. machine?.Prefix ?? [], .. AsServer(Child.Mortal(Serve(folder, port)))];

    /// <summary>Makes the user of the addresses, on the server that has just been started for the first time.</summary>
    public abstract Task AddUserAsync(string folder, CancellationToken cancellationToken);

    public abstract string CreateDatabase(string name);

    /// <summary>A query for the statements that empty a database's tables.</summary>
    /// <param name="database">The database.</param>
    /// <param name="kept">Names of tables that are not to be emptied, in small letters, quoted, with commas between.</param>
    public abstract string DeletesOf(string database, string kept);

    public abstract Task KillSessionsAsync(int port, string database, CancellationToken cancellationToken);

    public abstract Task<string> RunSqlAsync(int port, string? database, string sql, CancellationToken cancellationToken);

    protected abstract IEnumerable<string> Initialise(string folder);

    protected abstract IEnumerable<string> Serve(string folder, int port);

    protected static string Data(string folder) => Path.Combine(folder, "data");

    // Not by su or runuser: those stay between this process and the server, and the server would outlive us.
    private IReadOnlyList<string> AsServer(IEnumerable<string> commandLine) => Environment.IsPrivilegedProcess
        ? ["setpriv", "--reuid", systemUser, "--regid", systemUser, "--init-groups", .. commandLine]
        : [.. commandLine];
}
