namespace Mall.Ledger.Postgres;

internal static class PostgresConnections
{
    /// <param name="commandTimeout">How long a statement may take: nobody waits for its result any longer.</param>
    /// <param name="isPooled">For whatever is short; else for the committer.</param>
    public static DbDataSource To(StoreAddress address, TimeSpan commandTimeout, bool isPooled) =>
        NpgsqlDataSource.Create(Settings(address, commandTimeout, isPooled));

    /// <summary>What the driver is told: by the operator first, then by the mall.</summary>
    public static NpgsqlConnectionStringBuilder Settings(StoreAddress address, TimeSpan commandTimeout, bool isPooled) =>
        new(address.Options)
        {
            Host = address.Host, Port = address.Port, Database = address.Database,
            Username = address.User, Password = address.Password,
            ApplicationName = isPooled ? "mall" : ServerWriter.CommitterPrefix, // Until the committer takes its name.
            Timeout = 5, CommandTimeout = Math.Max(1, (int)Math.Ceiling(commandTimeout.TotalSeconds)),
            TcpKeepAlive = true, TcpKeepAliveTime = 5, TcpKeepAliveInterval = 2,
            MaxAutoPrepare = 256, AutoPrepareMinUsages = 2,
            GssEncryptionMode = GssEncryptionMode.Disable, // Saves a round trip, and the search for a library that nobody has.
            Pooling = isPooled, MaxPoolSize = ServerStore.MostPooled,
            ConnectionLifetime = 20, // What a server's defaults were when a session began, read-only say, does not last.
            IncludeFailedBatchedCommand = true, // A refusal has an author.

            // A session's locks go soon after its machine has gone, which the server finds out by keep-alives, or has frozen.
            Options = $"-c idle_in_transaction_session_timeout={(int)commandTimeout.TotalMilliseconds} "
                + "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
                + (isPooled ? "" : s_committerOptions),
        };

    // The committer finds rows by primary key and by nothing else, and its plans are made once, when a table may be empty: what
    // remains when all else is ruled out, a bitmap scan, needs a condition to search by (docs/decisions/0011). The compiler would
    // take the inflated costs at their word.
    private static readonly string s_committerOptions =
        " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_indexscan=off -c enable_indexonlyscan=off"
        + " -c enable_hashjoin=off -c enable_mergejoin=off -c enable_memoize=off -c jit=off"
        + $@" -c default_transaction_isolation=read\ committed -c lock_timeout={(int)ServerWriter.LockWait.TotalMilliseconds}";
}
