using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// Each statement counts what it changed and fails when that is not all. Locks are taken in the order commit mark, barrier rows
/// by key, tables by name, rows by key (<see cref="ChangeGroups"/>).
/// </summary>
internal sealed class PostgresWriter(PostgresConnections connections, TimeProvider time) : ServerWriter(PostgresErrors.Instance)
{
    private const string Revoke = """
        insert into commit_marks as m (committer, number, revoked, update_time) values ($1, 0, $2, $3)
        on conflict (committer) do update set revoked = greatest(m.revoked, excluded.revoked)
        returning number
        """;

    private const string EndPredecessors =
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()";

    private PostgresStatements _statements = new();
    private NpgsqlConnection _connection = null!; // Opened before anything else is called.
    private NpgsqlBatch _commands = null!;

    protected override async Task<DbConnection> OpenAsync() => _connection = await connections.OpenForCommitterAsync();

    protected override async Task PrepareAsync(bool hasPredecessors)
    {
        _statements = new PostgresStatements(); // The driver's commands remember what was prepared on the connection before.
        if (!hasPredecessors) return;
        await using var command = new NpgsqlCommand(EndPredecessors, _connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = connections.CommitterName });
        await command.ExecuteNonQueryAsync();
    }

    protected override bool TryCompose(Batch batch)
    {
        _commands = new NpgsqlBatch(_connection);
        _commands.BatchCommands.Add(_statements.Mark(batch));
        foreach (var command in _statements.EnterChecked(Keys, batch.Time)) _commands.BatchCommands.Add(command);
        foreach (var group in Groups.Groups) _commands.BatchCommands.Add(_statements.ChangeChecked(group));
        return true;
    }

    protected override async ValueTask<bool> TryAtOnceAsync()
    {
        await using var commands = _commands;
        try
        {
            // Without a transaction of its own a batch is one: the server commits it after its last statement.
            await commands.ExecuteNonQueryAsync();
            return true;
        }
        catch (PostgresException failure) when (PostgresErrors.Instance.IsFaultOfStatement(failure))
        {
            return false;
        }
    }

    protected override CarefulWriter Careful(Batch batch) => new PostgresCarefulWriter(_connection, _statements, Groups, batch);

    protected override async Task<long> RevokeAsync(string committer, long number)
    {
        await using var command = new NpgsqlCommand(Revoke, _connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = committer });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = time.GetUtcNow().ToUnixTimeMilliseconds() });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    protected override async Task RollbackAsync()
    {
        await using var command = new NpgsqlCommand("rollback", _connection);
        await command.ExecuteNonQueryAsync();
    }
}
