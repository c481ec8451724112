using System.Globalization;
using Mall.TestServers.Networks;

namespace Mall.TestServers;

/// <summary>Debian's MariaDB.</summary>
internal sealed class MariaDbProgram(Machine? machine)
    : ServerProgram(DatabaseKind.MariaDb, "mariadb", "mariadb-server", "mysql", "mysql", machine)
{
    private const string Server = "/usr/sbin/mariadbd";

    public override bool IsInstalled => File.Exists(Server);

    public override string ReadyLine => "ready for connections";

    public override string StopSignal => "TERM";

    // As root by the socket, which only this user's folder holds.
    public override Task AddUserAsync(string folder, CancellationToken cancellationToken) => Tool.RunAsync(
        ["mariadb", "--no-defaults", "-S", Socket(folder), "-u", "root"], cancellationToken,
        input: $"create user '{User}'@'%' identified by '{Password}'; grant all on *.* to '{User}'@'%' with grant option");

    public override string CreateDatabase(string name) => $"create database `{name}`";

    public override string DeletesOf(string database, string kept) => $"""
        select concat('delete from `', table_name, '`;') from information_schema.tables
        where table_schema = '{database}' and lower(table_name) not in ({kept})
        """;

    public override async Task KillSessionsAsync(int port, string database, CancellationToken cancellationToken)
    {
        // Those that wait for a row first: whoever has it would let them go on.
        var ids = await RunSqlAsync(
            port, null,
            $"""
            select p.id from information_schema.processlist p
            left join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.id
            where p.db = '{database}' order by t.trx_state = 'LOCK WAIT' desc, p.id
            """,
            cancellationToken);
        foreach (var id in ids.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            await Tool.TryRunAsync(
                Client(port, null, "--force", "-e", string.Create(CultureInfo.InvariantCulture, $"kill {id}")), Password);
    }

    public override Task<string> RunSqlAsync(int port, string? database, string sql, CancellationToken cancellationToken) =>
        Tool.RunAsync(Client(port, database), cancellationToken, input: sql, password: Password);

    protected override IEnumerable<string> Initialise(string folder) =>
    [
        "mariadb-install-db", "--no-defaults", $"--datadir={Data(folder)}", "--auth-root-authentication-method=normal",
        "--skip-test-db", Temporary(folder),
    ];

    protected override IEnumerable<string> Serve(string folder, int port) =>
    [
        Server, "--no-defaults", $"--datadir={Data(folder)}", $"--port={port}", $"--bind-address={Host}",
        $"--socket={Socket(folder)}", $"--pid-file={Path.Combine(folder, "pid")}", "--skip-name-resolve", "--max-connections=600",
        "--innodb-flush-log-at-trx-commit=1", "--innodb-doublewrite=on", Temporary(folder),
    ];

    // A server that starts removes every temporary table that it finds, also those of a server that runs and has the same folder
    // for them: that one then fails, or crashes.
    private static string Temporary(string folder) => $"--tmpdir={folder}";

    private static string Socket(string folder) => Path.Combine(folder, "socket");

    private string[] Client(int port, string? database, params string[] more) =>
    [
        "mariadb", "--no-defaults", "-h", Host, "-P", $"{port}", "-u", User, "-N", "-B", .. more,
        .. database is null ? Array.Empty<string>() : [database],
    ];
}
