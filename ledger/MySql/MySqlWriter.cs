using System.Runtime.InteropServices;
using MySqlConnector;

namespace Mall.Ledger.MySql;

/// <summary>
/// A batch is sent as one text. Every statement adds the rows that it found to <c>@hits</c>, and the commit mark at the end fails
/// when that is not all: then the commit behind it is not executed. Locks are taken in the order commit mark, barrier rows by
/// key, tables by name, rows by key (<see cref="ChangeGroups"/>).
/// </summary>
internal sealed class MySqlWriter(ServerConnections connections, string name, TimeProvider time)
    : ServerWriter(MySqlErrors.Instance)
{
    // Rolls back first: a transaction that was left open would be committed by the beginning of another. MariaDB does not wait
    // for locks then (see LockWait); MySQL knows nothing shorter than a second.
    private const string Begin =
        "rollback;start transaction;set @hits = 0, innodb_lock_wait_timeout = 1 /*M!100300 - 1 */;"
        + "select 1 + coalesce(max(position), 0) into @position from commit_marks;";

    // The mark has said, for all to see, that a batch is under way and where it will stand at the least; now it gets its
    // position: behind all that was committed until then. Who has not seen the mark has looked before, and goes no further than
    // that. (To set a variable to a subquery would wait for others' marks.)
    private const string Draw = "select 1 + max(position) into @position from commit_marks;";

    private const string Count = "set @hits = @hits + row_count();";

    private readonly SqlText _sql = new();
    private MySqlConnection _connection = null!; // Opened before anything else is called.
    private long _largestPacket;

    protected override async Task<DbConnection> OpenAsync() =>
        _connection = (MySqlConnection)await connections.Committers.OpenConnectionAsync();

    protected override async Task PrepareAsync(bool hasPredecessors)
    {
        // A lock by name tells which session is the predecessor's, if the server has not yet found out that its client has
        // gone: it may hold locks on rows. It ends before this one begins.
        if (hasPredecessors && await ReadNumberAsync($"select coalesce(is_used_lock('{name}'), 0)") is > 0 and var predecessor)
            await KillAsync(predecessor);
        if (await ReadNumberAsync($"select coalesce(get_lock('{name}', 5), 0)") != 1)
            throw new TimeoutException("The session before has not ended.");

        // Less some room for the protocol's own bytes.
        _largestPacket = await ReadNumberAsync("select @@max_allowed_packet") - 1_024;
    }

    protected override async ValueTask WriteAsync(Batch batch, bool isAgain)
    {
        var expected = Own.Changes.Count + Origins.Changes.Count;
        ComposeBarriers(batch);
        foreach (var group in Groups.Groups)
        {
            MySqlSql.Change(_sql, group.Shape, CollectionsMarshal.AsSpan(group.Changes), Count);
            expected += group.Changes.Count;
        }

        await CommitAsync(batch, $"@hits = {expected}");
    }

    /// <inheritdoc/>
    /// <remarks>Step by step: of several statements this server tells neither which has failed nor what each has done.</remarks>
    protected override async Task<CommitOutcome> JudgeAsync(Batch batch, int index, Exception refusal)
    {
        const string Entering = "its barrier row";
        var step = Entering;
        try
        {
            ComposeBarriers(batch);
            await ExecuteAsync();
            if (await ReadNumberAsync("select @hits") != Own.Changes.Count + Origins.Changes.Count) throw Race(refusal);
            foreach (var group in Groups.Groups)
            {
                step = group.Shape.ToString();
                MySqlSql.Change(_sql.Clear(), group.Shape, CollectionsMarshal.AsSpan(group.Changes));
                if (await ExecuteAsync() == group.Changes.Count) continue;
                await RollbackAsync();
                return CommitOutcome.Conflict;
            }

            _sql.Clear();
            await CommitAsync(batch, "true");
            return batch.Outcome(index);
        }
        catch (Exception fault) when (MySqlErrors.Instance.IsFaultOfStatement(fault))
        {
            await RollbackAsync();
            if (!MySqlErrors.Instance.IsUniqueViolation(fault)) throw MySqlErrors.Instance.Fault(step, fault);
            return step == Entering ? throw Race(fault) : CommitOutcome.Conflict;
        }

        static StoreException Race(Exception failure) => MySqlErrors.Instance.Failure(StoreFailure.Refused, failure);
    }

    protected override async Task SeeAsync(ChangeGroup group, bool onlyFree, Sight[] sights)
    {
        MySqlSql.See(_sql.Clear(), group.Shape, CollectionsMarshal.AsSpan(group.Changes), onlyFree);
        if (_sql.Length > _largestPacket) return;
        await ReadAsync(_sql.ToString(), row =>
            sights[row.GetInt64(0) - 1] = new Sight(true, onlyFree, row.GetInt64(1) != 0, row.GetInt64(2) != 0));
    }

    protected override async Task<long> RevokeAsync(string committer, long number)
    {
        _sql.Clear().Add("insert into commit_marks (committer, number, revoked, update_time) values (").AddText(committer)
            .Add($", 0, {number}, ").Add(time.GetUtcNow())
            .Add($") on duplicate key update revoked = greatest(revoked, {number});")
            .Add("select number from commit_marks where committer = ").AddText(committer);
        return await ReadNumberAsync(_sql.ToString());
    }

    protected override Task RollbackAsync() => ExecuteAsync("rollback");

    private void ComposeBarriers(Batch batch)
    {
        var time = batch.Time.ToUnixTimeMilliseconds();
        _sql.Clear().Add(Begin).Add("insert into commit_marks (committer, number, revoked, update_time, position) values (")
            .AddText(batch.Committer).Add($", {batch.Number}, 0, {time}, @position) on duplicate key update ")
            .Add($"number = if(revoked < {batch.Number}, {batch.Number}, null), update_time = {time}, position = @position;")
            .Add(Draw);
        if (Own.Changes.Count > 0) MySqlSql.Change(_sql, Own.Shape, CollectionsMarshal.AsSpan(Own.Changes), Count);
        if (Markers.Changes.Count > 0)
            MySqlSql.Change(_sql, Markers.Shape, CollectionsMarshal.AsSpan(Markers.Changes), orLeave: true);
        if (Origins.Changes.Count == 0) return;
        _sql.Add("set @hits = @hits + (");
        MySqlSql.Matches(_sql, Origins.Shape, CollectionsMarshal.AsSpan(Origins.Changes)).Add(");");
    }

    /// <summary>
    /// Sends the text with the position and the commit behind it. When the condition does not hold, the mark fails, because a
    /// column may not be null; then what follows it in the same text is not executed.
    /// </summary>
    private async Task CommitAsync(Batch batch, string condition)
    {
        _sql.Add($"update commit_marks set position = if({condition}, @position, null) where committer = ")
            .AddText(batch.Committer).Add(";commit");
        await ExecuteAsync();
    }

    private Task<int> ExecuteAsync() => _sql.Length <= _largestPacket
        ? ExecuteAsync(_sql.ToString())
        : throw new TextTooLargeException();

    private async Task<int> ExecuteAsync(string sql)
    {
        await using var command = new MySqlCommand(sql, _connection);
        return await command.ExecuteNonQueryAsync();
    }

    // All answers are read: one that is lost is not taken for a good one.
    private async Task ReadAsync(string sql, Action<MySqlDataReader> take)
    {
        await using var command = new MySqlCommand(sql, _connection);
        await using var reader = await command.ExecuteReaderAsync();
        do
        {
            while (await reader.ReadAsync()) take(reader);
        }
        while (await reader.NextResultAsync());
    }

    private async Task KillAsync(long id)
    {
        try
        {
            await ExecuteAsync($"kill {id}");
        }
        catch (MySqlException failure) when (MySqlErrors.IsUnknownThread(failure))
        {
            // It has ended meanwhile.
        }
    }

    private async Task<long> ReadNumberAsync(string sql)
    {
        var number = 0L;
        await ReadAsync(sql, row => number = row.GetInt64(0));
        return number;
    }
}
