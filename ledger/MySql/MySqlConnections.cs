namespace Mall.Ledger.MySql;

/// <summary>Texts mean the same in every session, whatever the server was told.</summary>
internal static class MySqlConnections
{
    public static DbDataSource To(StoreAddress address, TimeSpan commandTimeout, bool isPooled) =>
        new MySqlDataSourceBuilder(Settings(address, commandTimeout, isPooled).ConnectionString)
            .UseConnectionOpenedCallback(async (opened, cancellationToken) =>
            {
                if (!opened.Conditions.HasFlag(MySqlConnectionOpenedConditions.New)) return;
                var setUp = SetUp(lockSeconds: Math.Max(1, (int)commandTimeout.TotalSeconds / 2));
                await using var command = new MySqlCommand(setUp, opened.Connection);
                await command.ExecuteNonQueryAsync(cancellationToken);
            })
            .Build();

    /// <summary>What the driver is told: by the operator first, then by the mall.</summary>
    public static MySqlConnectionStringBuilder Settings(StoreAddress address, TimeSpan commandTimeout, bool isPooled) =>
        new(address.Options)
        {
            Server = address.Host, Port = (uint)address.Port, Database = address.Database,
            UserID = address.User, Password = address.Password,
            ConnectionTimeout = 5,
            DefaultCommandTimeout = (uint)Math.Max(1, Math.Ceiling(commandTimeout.TotalSeconds)),
            CancellationTimeout = -1, // A server that does not answer a command does not answer its cancellation either.
            AllowPublicKeyRetrieval = true, // Without TLS, MySQL 8 sends the key that the password is encrypted with.
            AllowUserVariables = true, // They carry counts from one statement of a text to the next.
            IgnoreCommandTransaction = true, // A command belongs to what its connection has begun, as on PostgreSQL.
            UseAffectedRows = false, // An update that changes nothing has found its row all the same.
            ConnectionReset = false, // Nobody leaves anything behind in a session of the pool, and so its setup lasts.
            MaximumPoolSize = ServerStore.MostPooled, Pooling = isPooled,
        };

    // A value that does not fit is an error and not another value. Backslashes escape, as the driver expects. A session that was
    // left in the middle of a transaction ends soon, where the server can do that.
    private static string SetUp(int lockSeconds) => $"""
        set session sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,ANSI_QUOTES,PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION',
          sql_notes = 0, autocommit = 1, completion_type = 0, time_zone = '+00:00', innodb_lock_wait_timeout = {lockSeconds}
          /*M!100300 , idle_transaction_timeout = {2 * lockSeconds} */;
        set session transaction isolation level read committed
        """;
}
