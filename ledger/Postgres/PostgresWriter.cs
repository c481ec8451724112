using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// Each statement fails unless it changes all that it is given (<see cref="PostgresSql.Change"/>). Locks are taken in the order
/// commit mark, barrier rows by key, tables by name, rows by key (<see cref="ChangeGroups"/>).
/// </summary>
internal sealed class PostgresWriter(ServerConnections connections, TimeProvider time)
    : ServerWriter(connections, PostgresErrors.Instance)
{
    private const string HardlyWait = "select set_config('lock_timeout', '20ms', true)"; // In this transaction alone.

    private static readonly Query<long> s_revoke = ShortQueries.Number("""
        insert into commit_marks as m (committer, number, revoked, update_time)
        select @p1, 0, @p2, @p3 from set_config('lock_timeout', '5s', true)
        on conflict (committer) do update set revoked = greatest(m.revoked, excluded.revoked)
        returning number
        """);

    // Takes the name, and ends whoever had it.
    private static readonly Query<bool> s_succeed = new(
        """
        with named as (select set_config('application_name', @p1, false))
        select pg_terminate_backend(pid) from named, pg_stat_activity
        where application_name = @p1 and pid <> pg_backend_pid()
        """,
        row => row.GetBoolean(0));

    private static readonly Func<RowShape, string> s_change = PostgresSql.Change;
    private static readonly Func<RowShape, string> s_insertIfMissing = PostgresSql.InsertIfMissing;
    private static readonly Func<RowShape, string> s_check = PostgresSql.Check;
    private static readonly Func<RowShape, string> s_see = shape => PostgresSql.See(shape, onlyFree: false);
    private static readonly Func<RowShape, string> s_seeFree = shape => PostgresSql.See(shape, onlyFree: true);

    private readonly PostgresStatements _statements = new();

    protected override Task PrepareAsync() => new Statement<bool>(s_succeed, Name).ReadAsync(Connection.CreateCommand());

    protected override async ValueTask WriteAsync(Batch batch, bool isAgain)
    {
        await using var transaction = Connection.CreateBatch();
        if (isAgain) transaction.BatchCommands.Add(new NpgsqlBatchCommand(HardlyWait));
        transaction.BatchCommands.Add(PostgresStatements.Mark(batch));
        Add(Own, s_change);
        Add(Markers, s_insertIfMissing);
        Add(Origins, s_check);
        foreach (var group in Groups.Groups) Add(group, s_change);

        // Without a transaction of its own a batch is one: the server commits it after its last statement.
        await transaction.ExecuteNonQueryAsync();

        void Add(ChangeGroup group, Func<RowShape, string> sql)
        {
            if (group.Changes.Count > 0) transaction.BatchCommands.Add(_statements.For(group, sql));
        }
    }

    protected override LedgerFaultException? Judge(Exception refusal)
    {
        var failed = (refusal as PostgresException)?.BatchCommand?.CommandText;
        var group = Groups.Groups.FirstOrDefault(group => _statements.TextOf(group.Shape, s_change) == failed);
        var isRefused = PostgresErrors.Instance.AnswerOf(refusal) is ServerAnswer.FailedCheck or ServerAnswer.UniqueViolation;
        return (group, isRefused) switch
        {
            ({ }, true) => null,
            (null, true) => throw PostgresErrors.Instance.Failure(StoreFailure.Refused, refusal), // Its barrier, or the mark.
            _ => PostgresErrors.Instance.Fault(group?.Shape.ToString() ?? "its barrier row", refusal),
        };
    }

    protected override async Task SeeAsync(ChangeGroup group, bool onlyFree, Sight[] sights)
    {
        await using var batch = Connection.CreateBatch();
        batch.BatchCommands.Add(_statements.For(group, onlyFree ? s_seeFree : s_see));
        await using var reader = await batch.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            sights[reader.GetInt64(0) - 1] = new Sight(true, onlyFree, reader.GetBoolean(1), reader.GetBoolean(2));
    }

    protected override async Task<long> RevokeAsync(string committer, long number) =>
        (await new Statement<long>(s_revoke, committer, number, time.GetUtcNow()).ReadAsync(Connection.CreateCommand()))[0];

    // A batch is a transaction of its own, and has been undone.
    protected override Task RollbackAsync() => Task.CompletedTask;
}
