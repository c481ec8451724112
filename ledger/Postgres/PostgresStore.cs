namespace Mall.Ledger.Postgres;

/// <summary>PostgreSQL. A commit is acknowledged when it is on the server's disk (<c>synchronous_commit</c>), provided that the
/// server was not told to lie about that (<c>fsync</c>).</summary>
internal sealed class PostgresStore(LedgerOptions options, TimeProvider time, ILogger<PostgresStore> logger)
    : ServerStore(
        options, time, logger, PostgresConnections.To(options.Address, options.CommitTimeout, isPooled: true),
        new PostgresWriter(options, time), PostgresErrors.Instance, Words, s_now, s_settled, ShortQueries.ReserveIds,
        whenMigrated: s_goOnBehind)
{
    private const int OldestVersion = 14;

    // The number is arbitrary, and the same in every version for ever.
    internal static readonly MigratorWords Words = new(
        "postgres", "select pg_try_advisory_lock(1298230380)::int", "select pg_advisory_unlock(1298230380)");

    // What lies before the oldest transaction under way that may be a committer's: see docs/decisions/0012.
    private static readonly Query<long> s_settled = ShortQueries.Number($"""
        select list_position(coalesce(
            (select x from pg_snapshot_xip(s) x
             where not exists (select 1 from pg_stat_activity a
                               where a.backend_xid = x::xid
                                 and a.application_name not like '{ServerWriter.CommitterPrefix}%')
             order by x limit 1),
            pg_snapshot_xmax(s))) - 1
        from pg_current_snapshot() s
        """);

    // Transaction numbers begin anew on another server: positions do not.
    private static readonly Query<long> s_goOnBehind = ShortQueries.Number("""
        do $$
        declare behind bigint;
        begin
          perform pg_advisory_xact_lock(1298230381);
          select max(position) - list_position(pg_snapshot_xmax(pg_current_snapshot())) into behind from commit_marks;
          if behind >= 0 then
            execute format('create or replace function list_position(transaction xid8) returns bigint
              language sql immutable parallel safe return transaction::text::bigint + %s', list_position('0') + behind + 1);
          end if;
        end $$
        """);

    private static readonly Query<string?> s_notDurable = new(
        "select current_setting('fsync'), current_setting('synchronous_commit')",
        row => row.GetString(0) == "off" || row.GetString(1) == "off"
            ? $"fsync = {row.GetString(0)}, synchronous_commit = {row.GetString(1)}" : null);

    private static readonly Query<long> s_now =
        ShortQueries.Number("select (extract(epoch from clock_timestamp()) * 1000)::bigint");

    protected override async Task<string?> CheckServerAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        if (((NpgsqlConnection)connection).PostgreSqlVersion is { Major: < OldestVersion } version)
            throw new LedgerStartException(
                $"db: the server at {Address} is PostgreSQL {version}; {OldestVersion} or newer is needed.");
        return (await new Statement<string?>(s_notDurable).ReadAsync(connection, cancellationToken))[0];
    }
}
