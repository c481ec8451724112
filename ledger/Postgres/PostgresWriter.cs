using Db = NpgsqlTypes.NpgsqlDbType;

namespace Mall.Ledger.Postgres;

/// <summary>Each statement fails unless it changes all that it is given (<see cref="PostgresSql.Change"/>). Locks are taken in
/// the order commit mark, barrier rows by key, tables by name, rows by key (<see cref="ChangeGroup.Of"/>).</summary>
internal sealed class PostgresWriter(LedgerOptions options, TimeProvider time)
    : ServerWriter(
        PostgresConnections.To(options.Address, options.CommitTimeout, isPooled: false), PostgresErrors.Instance, time, s_revoke)
{
    private const string HardlyWait = "select set_config('lock_timeout', '20ms', true)"; // In this transaction alone.

    // First in every transaction: it fails when the batch must not commit any more, for a number that was revoked changes no row.
    private const string WriteMark = """
        with changed as (
          insert into commit_marks as m (committer, number, revoked, update_time, position)
          values ($1, $2, 0, $3, list_position(pg_current_xact_id()))
          on conflict (committer) do update
          set number = excluded.number, update_time = excluded.update_time, position = excluded.position
          where m.revoked < excluded.number returning 1)
        select 1 / count(*)::int from changed
        """;

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

    protected override Task PrepareAsync() => AskAsync(s_succeed, Name);

    protected override async ValueTask WriteAsync(Batch batch, bool isAgain)
    {
        var time = batch.Time.ToUnixTimeMilliseconds();
        await using var transaction = Connection.CreateBatch();
        if (isAgain) transaction.BatchCommands.Add(new NpgsqlBatchCommand(HardlyWait));
        transaction.BatchCommands.Add(new NpgsqlBatchCommand(WriteMark)
        {
            Parameters = { new() { Value = batch.Committer }, new() { Value = batch.Number }, new() { Value = time } },
        });
        Add(Own, PostgresSql.Of(Own.Shape).Change);
        Add(Markers, $"{PostgresSql.Of(Markers.Shape).Change} on conflict do nothing");
        Add(Origins, PostgresSql.Of(Origins.Shape).Check);
        foreach (var group in Written) Add(group, PostgresSql.Of(group.Shape).Change);

        // Without a transaction of its own a batch is one: the server commits it after its last statement, or undoes it.
        await transaction.ExecuteNonQueryAsync();

        void Add(ChangeGroup group, string sql)
        {
            if (group.Changes.Count > 0) transaction.BatchCommands.Add(Command(group, sql));
        }
    }

    protected override LedgerFaultException? Judge(Exception refusal)
    {
        var failed = (refusal as PostgresException)?.BatchCommand?.CommandText;
        var group = Groups.Find(group => PostgresSql.Of(group.Shape).Change == failed);
        if (PostgresErrors.Instance.AnswerOf(refusal) is not (ServerAnswer.FailedCheck or ServerAnswer.UniqueViolation))
            return PostgresErrors.Instance.Fault(group?.Shape.ToString() ?? "its barrier row", refusal);
        if (group is null) throw PostgresErrors.Instance.Failure(StoreFailure.Refused, refusal); // Its barrier, or the mark.
        return null;
    }

    protected override async Task SeeAsync(IReadOnlyList<Look> looks)
    {
        await using var batch = Connection.CreateBatch();
        foreach (var (group, _, onlyFree) in looks)
            batch.BatchCommands.Add(
                Command(group, PostgresSql.Of(group.Shape).See + (onlyFree ? " for no key update of t skip locked" : "")));
        await using var reader = await batch.ExecuteReaderAsync();
        await ReadAsync(reader, looks);
    }

    /// <summary>The statement for these changes; a parameter is an array, for a column.</summary>
    private static NpgsqlBatchCommand Command(ChangeGroup group, string sql)
    {
        var (columns, changes) = (group.Shape.Columns, group.Changes);
        var command = new NpgsqlBatchCommand(sql);
        for (var i = 0; i < columns.Count; i++)
            command.Parameters.Add(columns[i].Column.Type == ColumnType.Number
                ? Values(i, Db.Bigint, static value => value.IsNull ? (long?)null : value.Number)
                : Values(i, Db.Text, static value => value.Text));
        if (sql.Contains($"${columns.Count + 1})", StringComparison.Ordinal))
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = changes.Count });
        return command;

        NpgsqlParameter<T[]> Values<T>(int column, Db type, Func<Value, T> read) => new()
        {
            TypedValue = [.. changes.Select(change => read(change.Values[column]))], NpgsqlDbType = Db.Array | type,
        };
    }
}
