using Mall.Ledger.Stores;
using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// Writes batches through one connection. Nearly always everything in a batch goes well, so all of it is sent at once, the commit
/// included: one round trip, whatever its size. Each statement counts what it changed and fails when that is not all; then
/// nothing has happened, and the batch goes the careful way (<see cref="PostgresCarefulWriter"/>), which asks after each step.
/// <para>
/// Isolation is read committed: each update names the values that it expects, and the server checks them again on a row that it
/// had to wait for, so a stronger level would only add errors. Locks are taken in the order commit mark, barrier rows by key,
/// tables by name, rows by key (<see cref="ChangeGroups"/>).
/// </para>
/// One caller at a time.
/// </summary>
internal sealed class PostgresWriter(PostgresConnections connections, TimeProvider time) : IAsyncDisposable
{
    // After that many deadlocks in a row the committer pauses before it tries again.
    private const int MostDeadlocks = 3;

    // Asks by writing: it waits for whoever has the row locked, also when that transaction is the one that inserts it, and it
    // revokes the number, so that what is still on its way to the server cannot commit after this has said that it has not.
    private const string ReadMark = """
        insert into commit_marks as m (committer, number, revoked, update_time) values ($1, 0, $2, $3)
        on conflict (committer) do update set revoked = greatest(m.revoked, excluded.revoked)
        returning number
        """;

    // Sessions of this store that the server has not yet found to be dead hold locks that their successor needs.
    private const string EndPredecessors =
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and pid <> pg_backend_pid()";

    private PostgresStatements _statements = new();
    private readonly ChangeGroups _groups = new();
    private readonly List<BarrierKey> _keys = [];
    private NpgsqlConnection? _connection;
    private bool _hasPredecessors;

    /// <inheritdoc cref="IStore.ApplyAsync"/>
    public async ValueTask ApplyAsync(Batch batch)
    {
        for (var deadlocks = 0; ; deadlocks++)
        {
            var isCommitting = false;
            try
            {
                _connection ??= await ConnectAsync();
                if (batch.Suspects == 0 && !batch.IsProbed)
                {
                    isCommitting = true;
                    if (await TryAtOnceAsync(_connection, batch)) return;
                    isCommitting = false;
                }

                await using var careful = new PostgresCarefulWriter(_connection, _statements, _groups, batch);
                await careful.WriteAsync();
                isCommitting = true;
                await careful.CommitAsync();
                return;
            }
            catch (PostgresException failure) when (PostgresErrors.IsRefusal(failure))
            {
                if (PostgresErrors.IsDeadlock(failure) && deadlocks < MostDeadlocks) continue;
                await DisconnectAsync();
                throw PostgresErrors.Failure(StoreFailure.NothingHappened, failure);
            }
            catch (Exception failure) when (PostgresErrors.IsFailure(failure))
            {
                await DisconnectAsync();
                throw PostgresErrors.Failure(isCommitting ? StoreFailure.OutcomeUnknown : StoreFailure.NothingHappened, failure);
            }
        }
    }

    /// <inheritdoc cref="IStore.HasCommittedAsync"/>
    public async ValueTask<bool> HasCommittedAsync(string committer, long number)
    {
        try
        {
            await DisconnectAsync();
            _connection = await ConnectAsync();
            await using var command = new NpgsqlCommand(ReadMark, _connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = committer });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = time.GetUtcNow().ToUnixTimeMilliseconds() });
            return (long)(await command.ExecuteScalarAsync())! >= number;
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            await DisconnectAsync();
            throw PostgresErrors.Failure(StoreFailure.OutcomeUnknown, failure);
        }
    }

    public ValueTask DisposeAsync() => DisconnectAsync();

    /// <summary>One round trip. False: somebody in the batch is not served that easily, and nothing happened.</summary>
    private async ValueTask<bool> TryAtOnceAsync(NpgsqlConnection connection, Batch batch)
    {
        batch.StartPass();
        _keys.Clear();
        for (var i = 0; i < batch.Count; i++)
        {
            if (StorableValues.FaultOf(batch[i]) is not null) return false;
            if (batch[i].Barrier is { } key) _keys.Add(key);
            batch.Settle(i, CommitOutcome.Applied);
            batch.Proceed(i);
        }

        _keys.Sort(EnteredBarriers.Compare);
        _groups.Collect(batch);
        await using var commands = new NpgsqlBatch(connection);
        commands.BatchCommands.Add(_statements.Mark(batch));
        foreach (var command in _statements.EnterChecked(_keys, batch.Time)) commands.BatchCommands.Add(command);
        foreach (var group in _groups.Groups) commands.BatchCommands.Add(_statements.ChangeChecked(group));
        try
        {
            // Without a transaction of its own a batch is one: the server commits it after its last statement.
            await commands.ExecuteNonQueryAsync();
            return true;
        }
        catch (PostgresException failure) when (PostgresErrors.IsFaultOfStatement(failure))
        {
            return false;
        }
    }

    private async ValueTask<NpgsqlConnection> ConnectAsync()
    {
        var connection = await connections.OpenForCommitterAsync();
        try
        {
            if (_hasPredecessors)
            {
                await using var command = new NpgsqlCommand(EndPredecessors, connection);
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = connections.CommitterName });
                await command.ExecuteNonQueryAsync();
            }

            _hasPredecessors = true;
            _statements = new PostgresStatements(); // The driver's commands remember what was prepared on the connection before.
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async ValueTask DisconnectAsync()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        await connection.DisposeAsync();
    }
}
