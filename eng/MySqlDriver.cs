using System.Data.Common;

namespace Mall.Databases;

/// <summary>The driver for MySQL and MariaDB.</summary>
internal static class MySqlDriver
{
    public static DbProviderFactory? Factory => MySqlConnector.MySqlConnectorFactory.Instance;
}
