namespace Mall.Ledger.MySql;

/// <summary>MySQL (8.0.19 or newer) or MariaDB (10.6 or newer). A commit is acknowledged when it is on the server's disk,
/// provided that the server was not told otherwise (<c>innodb_flush_log_at_trx_commit</c>).</summary>
internal sealed class MySqlStore(LedgerOptions options, TimeProvider time, ILogger<MySqlStore> logger)
    : ServerStore(
        options, time, logger, MySqlConnections.To(options.Address, options.CommitTimeout, isPooled: true),
        new MySqlWriter(options, time), MySqlErrors.Instance, Words, s_now, s_settled, s_reserveIds)
{
    // Locks are the server's, not the database's, and their names have at most 64 characters.
    private const string LockName = "left(concat('mall-migrations-', database()), 64)";

    internal static readonly MigratorWords Words = new(
        "mysql", $"select get_lock({LockName}, 0)", $"select release_lock({LockName})");

    private static readonly Query<long> s_reserveIds = ShortQueries.Number("""
        insert into id_blocks (name, next) values (@p1, last_insert_id(1) + @p2)
        on duplicate key update next = last_insert_id(next) + @p2;
        select last_insert_id()
        """);

    // The last position that is committed; who is under way, and from where at the least; who of these has ended since. See
    // docs/decisions/0012.
    private static readonly Query<long> s_settled = ShortQueries.Number($"""
        select coalesce(max(position), 0) into @settled from commit_marks;
        set transaction isolation level read uncommitted;
        select json_arrayagg(json_array(committer, number, position)) into @begun from commit_marks;
        select cast(coalesce(min(least(@settled, b.position - 1)), @settled) as signed)
        from json_table(@begun, '$[*]' columns (
          committer varchar(64) {MySqlSql.Exact} path '$[0]', number bigint path '$[1]',
          position bigint path '$[2]')) b
        left join commit_marks m on m.committer = b.committer and m.number >= b.number
        where m.committer is null
        """);

    private static readonly Query<long> s_now = ShortQueries.Number("select cast(unix_timestamp(now(6)) * 1000 as signed)");

    private static readonly Query<(string Version, long Flush)> s_server = new(
        "select version(), @@innodb_flush_log_at_trx_commit",
        row => (row.GetString(0), Convert.ToInt64(row.GetValue(1), null)));

    protected override async Task<string?> CheckServerAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var (version, flush) = (await new Statement<(string, long)>(s_server).ReadAsync(connection, cancellationToken))[0];
        var isMariaDb = version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        var oldest = isMariaDb ? new Version(10, 6) : new Version(8, 0, 19);
        if (Version.TryParse(version.Split('-')[0], out var number) && number < oldest)
            throw new LedgerStartException(
                $"db: the server at {Address} is {(isMariaDb ? "MariaDB" : "MySQL")} {version}; {oldest} or newer is needed.");
        return flush == 1 ? null : $"innodb_flush_log_at_trx_commit = {flush}";
    }
}
