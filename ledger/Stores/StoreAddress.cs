namespace Mall.Ledger.Stores;

/// <summary>The databases that Mall can live on.</summary>
public enum StoreKind { Sqlite, Postgres, MySql }

/// <summary>Where the database is: <c>sqlite:path/to/file.db</c>, <c>sqlite::memory:</c>,
/// <c>postgres://user:password@host:port/database</c> or <c>mysql://</c> with the same; after a question mark options of the
/// driver, such as <c>sslmode=require</c>. Prints itself without the password.</summary>
public sealed class StoreAddress
{
    private StoreAddress() { }

    public StoreKind Kind { get; private init; }

    /// <summary>SQLite: the file.</summary>
    public string Path { get; private init; } = "";

    /// <summary>SQLite: nothing is kept; for tests and simulations.</summary>
    public bool IsInMemory => Path == ":memory:";

    public string Host { get; private init; } = "";
    public int Port { get; private init; }
    public string Database { get; private init; } = "";
    public string User { get; private init; } = "";
    public string Password { get; private init; } = "";

    /// <summary>Servers: what else the driver is told, as a connection string; empty for nothing.</summary>
    public string Options { get; private set; } = "";

    /// <exception cref="LedgerStartException">It is none of the above; the message says what is wrong with it.</exception>
    public static StoreAddress Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Split(':', 2) switch
        {
            ["sqlite", var path] => ParseSqlite(path),
            ["postgres" or "postgresql", _] => ParseServer(StoreKind.Postgres, address, 5432),
            ["mysql" or "mariadb", _] => ParseServer(StoreKind.MySql, address, 3306),
            [var kind, _] => throw Bad($"begins with '{kind}', which is none of sqlite, postgres, mysql"),
            _ => throw Bad("has no kind in front: sqlite:, postgres:// or mysql://"),
        };
    }

    public override string ToString() => Kind == StoreKind.Sqlite
        ? $"sqlite:{Path}" : $"{(Kind == StoreKind.Postgres ? "postgres" : "mysql")}://{User}@{Host}:{Port}/{Database}";

    private static StoreAddress ParseSqlite(string path)
    {
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0')) throw Bad("names no file: write sqlite:path/to/file.db");
        if (path.StartsWith("//", StringComparison.Ordinal) && !path.StartsWith("///", StringComparison.Ordinal))
            throw Bad("names a host, and SQLite has none: write sqlite:path/to/file.db");
        if (path.Contains('?')) throw Bad("has options after the file, and SQLite takes none here");
        return new StoreAddress { Kind = StoreKind.Sqlite, Path = path };
    }

    private static StoreAddress ParseServer(StoreKind kind, string address, int defaultPort)
    {
        // The address is never printed: it holds a password.
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw Bad("is not of the form kind://user:password@host:port/database");
        var database = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/'));
        if (database.Length == 0 || database.Contains('/')) throw Bad("names no database after host:port/");
        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length == 0) throw Bad("names no user before the host");
        if (uri.Fragment.Length > 0) throw Bad("has something after the database's name");
        var parsed = new StoreAddress
        {
            Kind = kind, Host = uri.Host, Port = uri.Port > 0 ? uri.Port : defaultPort, Database = database,
            User = Uri.UnescapeDataString(user[0]), Password = user is [_, var password] ? Uri.UnescapeDataString(password) : "",
        };
        var query = uri.Query.TrimStart('?');
        parsed.Options = kind == StoreKind.Postgres
            ? ParseOptions(PostgresConnections.Settings(parsed, TimeSpan.Zero, false), new NpgsqlConnectionStringBuilder(), query)
            : ParseOptions(MySqlConnections.Settings(parsed, TimeSpan.Zero, false), new MySqlConnectionStringBuilder(), query);
        return parsed;
    }

    // Values may be secrets, and are not repeated. Some are spelled as libpq does (verify-full), or without the d of MySQL's.
    private static string ParseOptions(DbConnectionStringBuilder own, DbConnectionStringBuilder options, string query)
    {
        foreach (var option in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = option.Split('=', 2);
            var (name, value) = (Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[^1]));
            var known = options.Keys.Count;
            string[] spellings = [value, value.Replace("-", "", StringComparison.Ordinal), value + "d"];
            if (parts.Length < 2 || !spellings.Any(spelling => TrySet(options, name, spelling)))
                throw Bad($"has the option '{name}', and the driver does not know it, or not with this value");
            if (options.Keys.Count == known) throw Bad($"has the option '{name}' twice");
        }

        return options.Keys.Cast<string>().FirstOrDefault(own.Keys.Cast<string>().Contains) is { } ours
            ? throw Bad($"has the option '{ours}', which the mall sets itself")
            : options.ConnectionString;
    }

    private static bool TrySet(DbConnectionStringBuilder options, string name, string value)
    {
        try
        {
            options[name] = value;
            return options[name] is not Enum mode || Enum.IsDefined(mode.GetType(), mode); // A number passes for any of them.
        }
        catch (Exception e) when (e is ArgumentException or FormatException or OverflowException)
        {
            return false;
        }
    }

    private static LedgerStartException Bad(string why) => new($"db: the address {why}.");
}
