using System.Data.Common;
using Mall.Ledger.Stores;

namespace Mall.Ledger.MySql;

/// <summary>How connections to MySQL or MariaDB are made, by whatever ADO.NET driver the host has brought.</summary>
internal sealed class MySqlConnections
{
    private readonly DbProviderFactory _driver;
    private readonly string _connectionString;
    private readonly TimeSpan _lockPatience;

    /// <param name="address">Of kind MySQL.</param>
    /// <param name="driver">See <see cref="LedgerOptions.MySqlDriver"/>.</param>
    /// <param name="patience">How long a statement may take: nobody waits for its result any longer.</param>
    /// <exception cref="LedgerStartException">There is no driver.</exception>
    public MySqlConnections(StoreAddress address, DbProviderFactory? driver, TimeSpan patience)
    {
        _driver = driver ?? throw new LedgerStartException(
            "db: this build has no driver for MySQL; build it with -p:MySqlDriver=MySqlConnector or -p:MySqlDriver=MySql.Data.");
        _lockPatience = patience / 2;

        // Only what MySqlConnector and MySql.Data both know, by the names that they share.
        _connectionString = new DbConnectionStringBuilder
        {
            ["Server"] = address.Host,
            ["Port"] = address.Port,
            ["Database"] = address.Database,
            ["User ID"] = address.User,
            ["Password"] = address.Password,
            ["Character Set"] = "utf8mb4",
            ["Pooling"] = false,
            ["Connection Timeout"] = 5,
            ["Default Command Timeout"] = Math.Max(1, (int)Math.Ceiling(patience.TotalSeconds)),
            ["SslMode"] = "Preferred",
            ["AllowPublicKeyRetrieval"] = true, // Without TLS, MySQL 8 sends the key that the password is encrypted with.
            ["AllowUserVariables"] = true, // They carry counts from one statement of a text to the next.
            ["UseAffectedRows"] = false, // An update that changes nothing has found its row all the same.
        }.ConnectionString;
    }

    public MySqlSession Open() => MySqlSession.Open(_driver, _connectionString, _lockPatience);
}
