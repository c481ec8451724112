namespace Mall.Ledger.MySql;

/// <summary>A batch is sent as one text. What is no insert adds the rows that it found to <c>@hits</c>, and the commit mark at
/// the end fails, by dividing by zero, when that is not all: then the commit behind it is not executed. Locks are taken in the
/// order commit mark, barrier rows by key, tables by name, rows by key (<see cref="ChangeGroup.Of"/>).</summary>
internal sealed class MySqlWriter(LedgerOptions options, TimeProvider time)
    : ServerWriter(
        MySqlConnections.To(options.Address, options.CommitTimeout, isPooled: false), MySqlErrors.Instance, time, s_revoke)
{
    // (To begin a transaction would commit one that was left open.) MySQL knows no wait for locks that is shorter than a second.
    private const string Begin =
        "rollback and chain;set @hits = 0, innodb_lock_wait_timeout = 1 /*M!100300 - 1 */;"
        + "select 1 + coalesce(max(position), 0) into @position from commit_marks;";

    // Once the mark has announced the batch: see docs/decisions/0012. (To set a variable to a subquery would wait for others.)
    private const string Draw = "select 1 + max(position) into @position from commit_marks;";

    private static readonly Query<long> s_revoke = ShortQueries.Number("""
        insert into commit_marks (committer, number, revoked, update_time) values (@p1, 0, @p2, @p3)
        on duplicate key update revoked = greatest(revoked, @p2);
        select number from commit_marks where committer = @p1
        """);

    private readonly StringBuilder _sql = new();
    private long _largestPacket = int.MaxValue;

    protected override async Task PrepareAsync()
    {
        // Who has the lock by name is the session before.
        if (await NumberAsync($"select coalesce(is_used_lock('{Name}'), 0)") is > 0 and var predecessor)
        {
            try
            {
                await ExecuteAsync($"kill {predecessor}");
            }
            catch (MySqlException failure) when (failure.ErrorCode == MySqlErrorCode.NoSuchThread) { } // It has ended by itself.
        }

        if (await NumberAsync($"select coalesce(get_lock('{Name}', 5), 0)") != 1)
            throw new TimeoutException("The session before has not ended.");

        // Less some room for the protocol's own bytes.
        _largestPacket = await NumberAsync("select @@max_allowed_packet") - 1_024;
    }

    protected override async ValueTask WriteAsync(Batch batch, bool isAgain)
    {
        var (number, time) = (batch.Number, batch.Time.ToUnixTimeMilliseconds());
        _sql.Clear().Append(Begin).Append("insert into commit_marks (committer, number, revoked, update_time, position) values (")
            .AddLiteral(batch.Committer).Append($", {number}, 0, {time}, @position) on duplicate key update ")
            .Append($"number = {number} div (revoked < {number}), update_time = {time}, position = @position;").Append(Draw);
        var expected = Origins.Changes.Count;
        Change(Own);
        if (Markers.Changes.Count > 0) MySqlSql.Change(_sql, Markers, keepsOld: true);
        if (Origins.Changes.Count > 0) MySqlSql.Matches(_sql.Append("set @hits = @hits + ("), Origins).Append(");");
        foreach (var group in Written) Change(group);
        _sql.Append($"update commit_marks set position = @position div (@hits = {expected}) where committer = ")
            .AddLiteral(batch.Committer).Append(";commit");
        await ExecuteAsync(_sql.ToString());

        void Change(ChangeGroup group)
        {
            if (group.Changes.Count > 0) MySqlSql.Change(_sql, group);
            if (group.Shape.Operation != RowOperation.Insert) expected += group.Changes.Count;
        }
    }

    /// <inheritdoc/>
    /// <remarks>A row with the same primary key would have been found by a look, so it is another unique value.</remarks>
    protected override LedgerFaultException? Judge(Exception refusal) => MySqlErrors.Instance.AnswerOf(refusal) switch
    {
        ServerAnswer.UniqueViolation => null,
        ServerAnswer.FailedCheck => throw MySqlErrors.Instance.Failure(StoreFailure.Refused, refusal),
        _ => MySqlErrors.Instance.Fault(string.Join(" and ", Groups.Select(group => group.Shape)), refusal),
    };

    protected override async Task SeeAsync(IReadOnlyList<Look> looks)
    {
        _sql.Clear().Append("rollback;");
        foreach (var (group, _, onlyFree) in looks) MySqlSql.See(_sql, group, onlyFree).Append(';');
        if (Encoding.UTF8.GetByteCount(_sql.ToString()) > _largestPacket)
        {
            await ExecuteAsync("rollback"); // What was refused does not stay open, should no look fit.
            if (looks.Count == 1) throw new TextTooLargeException();
            foreach (var look in looks) await SeeAsync([look]);
            return;
        }

        await using var command = new MySqlCommand(_sql.ToString(), (MySqlConnection)Connection);
        await using var reader = await command.ExecuteReaderAsync();
        await ReadAsync(reader, looks);
    }

    private async Task<long> NumberAsync(string sql) => (await AskAsync(ShortQueries.Number(sql)))[0];

    // One time limit for all of a text; whoever reads answers has one for each.
    private async Task ExecuteAsync(string sql)
    {
        if (Encoding.UTF8.GetByteCount(sql) > _largestPacket) throw new TextTooLargeException();
        await using var command = new MySqlCommand(sql, (MySqlConnection)Connection);
        await command.ExecuteNonQueryAsync();
    }
}
