using System.Data.Common;
using Mall.Ledger.Stores;
using MySqlConnector;
using Npgsql;

namespace Mall.Tests.Installations;

/// <summary>Connections of the tests' own to a database on a server.</summary>
public static class Connections
{
    private const int ConnectTimeout = 5;
    private const int CommandTimeout = 120;

    /// <summary>Not yet open.</summary>
    /// <param name="database">Its address as the mall takes it.</param>
    public static DbConnection To(string database)
    {
        var address = StoreAddress.Parse(database);
        if (address.Kind == StoreKind.Postgres)
        {
            return new NpgsqlConnection(new NpgsqlConnectionStringBuilder
            {
                Host = address.Host, Port = address.Port, Database = address.Database, Username = address.User,
                Password = address.Password, Pooling = false, Timeout = ConnectTimeout, CommandTimeout = CommandTimeout,
            }.ConnectionString);
        }

        return new MySqlConnection(new MySqlConnectionStringBuilder
        {
            Server = address.Host, Port = (uint)address.Port, Database = address.Database, UserID = address.User,
            Password = address.Password, Pooling = false, ConnectionTimeout = ConnectTimeout,
            DefaultCommandTimeout = CommandTimeout,
        }.ConnectionString);
    }
}
