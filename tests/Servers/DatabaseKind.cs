namespace Mall.TestServers;

/// <summary>The database servers that can be started for tests.</summary>
public enum DatabaseKind
{
    /// <summary>PostgreSQL, from Debian's package <c>postgresql</c>.</summary>
    Postgres,

    /// <summary>MariaDB, from Debian's package <c>mariadb-server</c>.</summary>
    MariaDb,
}
