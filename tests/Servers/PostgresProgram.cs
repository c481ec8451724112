using Mall.TestServers.Networks;

namespace Mall.TestServers;

/// <summary>Debian's PostgreSQL, the newest that is installed.</summary>
internal sealed class PostgresProgram(Machine? machine)
    : ServerProgram(DatabaseKind.Postgres, "postgres", "postgresql", "postgres", "postgres", machine)
{
    // Debian keeps the server's programs out of the path: one folder a version.
    private static readonly string? s_programs = !Directory.Exists("/usr/lib/postgresql") ? null
        : Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin"))
            .Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Max();

    public override bool IsInstalled => s_programs is not null;

    public override string ReadyLine => "database system is ready to accept connections";

    public override string StopSignal => "INT";

    public override Task AddUserAsync(string folder, CancellationToken cancellationToken) => Task.CompletedTask; // initdb has.

    public override string CreateDatabase(string name) => $"create database \"{name}\"";

    public override string DeletesOf(string database, string kept) => $"""
        select 'delete from ' || quote_ident(tablename) || ';' from pg_tables
        where schemaname = 'public' and tablename not in ({kept})
        """;

    // Those that wait for a row first: whoever has it would let them go on.
    public override Task KillSessionsAsync(int port, string database, CancellationToken cancellationToken) => RunSqlAsync(
        port, null,
        $"""
        select pg_terminate_backend(pid) from (
          select pid from pg_stat_activity where datname = '{database}' order by wait_event_type is distinct from 'Lock') s
        """,
        cancellationToken);

    public override Task<string> RunSqlAsync(int port, string? database, string sql, CancellationToken cancellationToken) =>
        Tool.RunAsync(
            ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", Host, "-p", $"{port}",
                "-U", User, "-d", database ?? "postgres"],
            cancellationToken, input: sql, password: Password);

    // The password comes by the shell's hand, because initdb takes it from a file only. By default only this machine may connect.
    protected override IEnumerable<string> Initialise(string folder) =>
    [
        "sh", "-c",
        """
        printf %s "$1" > "$2.password" &&
          "$3" -D "$2" -U "$4" --pwfile="$2.password" -A scram-sha-256 -E UTF8 --no-sync &&
          echo "host all all all scram-sha-256" >> "$2/pg_hba.conf"
        """,
        "sh", Password, Data(folder), Path.Combine(s_programs!, "initdb"), User,
    ];

    // Durable by its own defaults: fsync, synchronous_commit and full_page_writes are on. What stands here could not be changed
    // by a test.
    protected override IEnumerable<string> Serve(string folder, int port) =>
    [
        Path.Combine(s_programs!, "postgres"), "-D", Data(folder), "-p", $"{port}",
        "-c", $"listen_addresses={Host}", "-c", "unix_socket_directories=", "-c", "max_connections=600",
    ];
}
