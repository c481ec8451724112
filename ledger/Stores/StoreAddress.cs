namespace Mall.Ledger.Stores;

/// <summary>The databases that Mall can live on.</summary>
public enum StoreKind
{
    /// <summary>A file, or memory, for one process.</summary>
    Sqlite,
    Postgres,
    MySql,
}

/// <summary>
/// Where the database is: <c>sqlite:path/to/file.db</c>, <c>sqlite::memory:</c>,
/// <c>postgres://user:password@host:port/database</c> or <c>mysql://</c> with the same. Prints itself without the password.
/// </summary>
public sealed class StoreAddress
{
    private StoreAddress(StoreKind kind) => Kind = kind;

    public StoreKind Kind { get; }

    /// <summary>SQLite: the file.</summary>
    public string Path { get; private init; } = "";

    /// <summary>SQLite: nothing is kept; for tests and simulations.</summary>
    public bool IsInMemory => Kind == StoreKind.Sqlite && Path == ":memory:";

    public string Host { get; private init; } = "";
    public int Port { get; private init; }
    public string Database { get; private init; } = "";
    public string User { get; private init; } = "";
    public string Password { get; private init; } = "";

    /// <exception cref="LedgerStartException">It is none of the above; the message says what is wrong with it.</exception>
    public static StoreAddress Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        return colon < 0
            ? throw Bad("has no kind in front: sqlite:, postgres:// or mysql://")
            : address[..colon] switch
            {
                "sqlite" => ParseSqlite(address[(colon + 1)..]),
                "postgres" or "postgresql" => ParseServer(StoreKind.Postgres, address, 5432),
                "mysql" or "mariadb" => ParseServer(StoreKind.MySql, address, 3306),
                var kind => throw Bad($"begins with '{kind}', which is none of sqlite, postgres, mysql"),
            };
    }

    public override string ToString() => Kind == StoreKind.Sqlite
        ? $"sqlite:{Path}"
        : $"{(Kind == StoreKind.Postgres ? "postgres" : "mysql")}://{User}@{Host}:{Port}/{Database}";

    private static StoreAddress ParseSqlite(string path) =>
        string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)
            ? throw Bad("names no file: write sqlite:path/to/file.db")
            : new StoreAddress(StoreKind.Sqlite) { Path = path };

    private static StoreAddress ParseServer(StoreKind kind, string address, int defaultPort)
    {
        // The address is never printed: it holds a password.
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw Bad("is not of the form kind://user:password@host:port/database");
        var database = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/'));
        if (database.Length == 0 || database.Contains('/', StringComparison.Ordinal))
            throw Bad("names no database after host:port/");
        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length == 0) throw Bad("names no user before the host");
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0) throw Bad("has something after the database's name");
        return new StoreAddress(kind)
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : defaultPort,
            Database = database,
            User = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "",
        };
    }

    private static LedgerStartException Bad(string why) => new($"db: the address {why}.");
}
