using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// Each statement fails unless it changes all that it is given (<see cref="PostgresSql.Change"/>). Locks are taken in the order
/// commit mark, barrier rows by key, tables by name, rows by key (<see cref="ChangeGroups"/>).
/// </summary>
internal sealed class PostgresWriter(ServerConnections connections, TimeProvider time)
    : ServerWriter(connections, PostgresErrors.Instance)
{
    private const string Revoke = """
        select set_config('lock_timeout', '5s', true);
        insert into commit_marks as m (committer, number, revoked, update_time) values (@committer, 0, @number, @time)
        on conflict (committer) do update set revoked = greatest(m.revoked, excluded.revoked)
        returning number
        """;

    private const string HardlyWait = "select set_config('lock_timeout', '20ms', true)"; // In this transaction alone.

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

    private PostgresStatements _statements = new();

    protected override async Task PrepareAsync()
    {
        _statements = new PostgresStatements(); // The driver's commands remember what was prepared on the connection before.
        await new Statement<bool>(s_succeed, Name).ReadAsync(Connection.CreateCommand());
    }

    protected override async ValueTask WriteAsync(Batch batch, bool isAgain)
    {
        await using var transaction = Connection.CreateBatch();
        if (isAgain) transaction.BatchCommands.Add(new NpgsqlBatchCommand(HardlyWait));
        transaction.BatchCommands.Add(_statements.Mark(batch));
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

    protected override CommitOutcome Judge(Exception refusal)
    {
        var failed = (refusal as PostgresException)?.BatchCommand;
        var group = Groups.Groups.FirstOrDefault(group => _statements.For(group, s_change) == failed);
        var isRefused = PostgresErrors.Instance.AnswerOf(refusal) is ServerAnswer.FailedCheck or ServerAnswer.UniqueViolation;
        return (group, isRefused) switch
        {
            ({ }, true) => CommitOutcome.Conflict,
            (null, true) => throw PostgresErrors.Instance.Failure(StoreFailure.Refused, refusal), // Its barrier, or the mark.
            _ => throw PostgresErrors.Instance.Fault(group?.Shape.ToString() ?? "its barrier row", refusal),
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

    protected override async Task<long> RevokeAsync(string committer, long number)
    {
        await using var command = new NpgsqlCommand(Revoke, (NpgsqlConnection)Connection)
        {
            Parameters =
            {
                new("committer", committer), new("number", number), new("time", time.GetUtcNow().ToUnixTimeMilliseconds()),
            },
        };
        await using var reader = await command.ExecuteReaderAsync();
        await reader.NextResultAsync();
        await reader.ReadAsync();
        return reader.GetInt64(0);
    }

    // A batch is a transaction of its own, and has been undone.
    protected override Task RollbackAsync() => Task.CompletedTask;
}
