using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace Mall.Silo.Cluster;

/// <summary>The mall's database as Orleans' ADO.NET providers want to be told of it.</summary>
internal static class OrleansDatabase
{
    private const int TimeoutSeconds = 5;

    /// <summary>
    /// Orleans' name of the driver (its name of MySqlConnector begins like another driver's), and a connection string with limits
    /// below those of membership.
    /// </summary>
    public static (string Invariant, string ConnectionString) Of(StoreAddress db) => db.Kind switch
    {
        StoreKind.Postgres => ("Npgsql", new NpgsqlConnectionStringBuilder(db.Options)
        {
            Host = db.Host, Port = db.Port, Database = db.Database, Username = db.User, Password = db.Password,
            Timeout = TimeoutSeconds, CommandTimeout = TimeoutSeconds, MaxPoolSize = 8, ApplicationName = "mall-orleans",
        }.ConnectionString),
        StoreKind.MySql => ("MySql.Data.MySqlConnector", new MySqlConnectionStringBuilder(db.Options)
        {
            Server = db.Host, Port = (uint)db.Port, Database = db.Database, UserID = db.User, Password = db.Password,
            ConnectionTimeout = TimeoutSeconds, DefaultCommandTimeout = TimeoutSeconds, MaximumPoolSize = 8,
            ApplicationName = "mall-orleans", AllowUserVariables = true,
        }.ConnectionString),
        _ => ("System.Data.SQLite", new SqliteConnectionStringBuilder { DataSource = db.Path, DefaultTimeout = TimeoutSeconds }
            .ConnectionString),
    };
}
