using System.Runtime.InteropServices;
using MySqlConnector;

namespace Mall.Ledger.MySql;

/// <summary>
/// A batch is sent as one text. Every statement adds the rows that it found to <c>@hits</c>, and the commit mark at the end fails
/// when that is not all: then the commit behind it is not executed. Locks are taken in the order barrier rows by key, tables by
/// name, rows by key (<see cref="ChangeGroups"/>), commit mark.
/// </summary>
internal sealed class MySqlWriter(MySqlConnections connections, string name, TimeProvider time)
    : ServerWriter(MySqlErrors.Instance)
{
    private const string Count = "set @hits = @hits + row_count();";

    private readonly SqlText _sql = new();
    private MySqlConnection _connection = null!; // Opened before anything else is called.
    private long _largestPacket;

    protected override async Task<DbConnection> OpenAsync() => _connection = await connections.OpenForCommitterAsync();

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

    /// <inheritdoc/>
    /// <remarks>False also when it is too long for one text.</remarks>
    protected override bool TryCompose(Batch batch)
    {
        var origins = BarrierRow.Origins(Keys).ToList();
        var expected = Keys.Count + origins.Count;
        _sql.Clear().Add(MySqlStatements.Begin).Add(";set @hits = 0;");
        if (Keys.Count > 0)
        {
            MySqlStatements.InsertBarriers(_sql, BarrierRow.Own(Keys), batch.Time);
            _sql.Add(Count);
        }

        if (origins.Count > 0)
        {
            MySqlStatements.CountOrigins(_sql.Add("set @hits = @hits + ("), origins);
            _sql.Add(");");
        }

        foreach (var group in Groups.Groups)
        {
            MySqlSql.Change(_sql, group.Shape, CollectionsMarshal.AsSpan(group.Changes), Count);
            expected += group.Changes.Count;
        }

        MySqlStatements.Mark(_sql, batch, $"@hits = {expected}");
        _sql.Add("commit");
        return _sql.Length <= _largestPacket;
    }

    protected override async ValueTask<bool> TryAtOnceAsync()
    {
        try
        {
            await MySqlText.ExecuteAsync(_connection, _sql.ToString());
            return true;
        }
        catch (MySqlException failure) when (MySqlErrors.Instance.IsFaultOfStatement(failure))
        {
            await RollbackAsync();
            return false;
        }
    }

    protected override CarefulWriter Careful(Batch batch) => new MySqlCarefulWriter(_connection, Groups, batch, _largestPacket);

    protected override async Task<long> RevokeAsync(string committer, long number)
    {
        MySqlStatements.Revoke(_sql.Clear(), committer, number, time.GetUtcNow());
        return await ReadNumberAsync(_sql.ToString());
    }

    protected override Task RollbackAsync() => MySqlText.ExecuteAsync(_connection, "rollback");

    private async Task KillAsync(long id)
    {
        try
        {
            await MySqlText.ExecuteAsync(_connection, $"kill {id}");
        }
        catch (MySqlException failure) when (MySqlErrors.IsUnknownThread(failure))
        {
            // It has ended meanwhile.
        }
    }

    private async Task<long> ReadNumberAsync(string sql) =>
        await MySqlText.ReadAsync(_connection, sql, row => row.GetInt64(0)) is [var number] ? number : 0;
}
