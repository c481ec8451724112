using System.Data.Common;

namespace Mall.Databases;

/// <summary>The driver for MySQL and MariaDB that this program was built with.</summary>
internal static class MySqlDriver
{
    /// <summary>Null when it was built without one.</summary>
    public static DbProviderFactory? Factory =>
#if MYSQL_DATA
        MySql.Data.MySqlClient.MySqlClientFactory.Instance;
#elif MYSQL_CONNECTOR
        MySqlConnector.MySqlConnectorFactory.Instance;
#else
        null;
#endif
}
