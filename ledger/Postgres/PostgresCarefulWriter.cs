using System.Data;
using Mall.Ledger.Stores;
using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// Writes one batch in which somebody is refused: a repeat, a compensation without its action, a guard that does not hold, a
/// statement that is impossible. It asks the server after each step: barrier rows, then the changes of those that may proceed.
/// Whoever fails becomes a suspect; the transaction is rolled back and another pass made, which gives each suspect a savepoint of
/// its own.
/// </summary>
internal sealed class PostgresCarefulWriter(
    NpgsqlConnection connection, PostgresStatements statements, ChangeGroups groups, Batch batch)
    : IAsyncDisposable
{
    private readonly List<BarrierKey> _keys = [];
    private NpgsqlTransaction? _transaction;

    /// <summary>Leaves the transaction ready to commit, and every outcome in the batch.</summary>
    public async Task WriteAsync()
    {
        // A pass that finds new suspects is undone, so there are at most as many passes as write sets; two, as a rule.
        while (true)
        {
            _transaction = await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
            if (await TryPassAsync()) break;
            await _transaction.DisposeAsync();
        }

        batch.Reached(ApplyStage.BeforeCommit);
    }

    public Task CommitAsync() => _transaction!.CommitAsync();

    /// <summary>Rolls back what was not committed.</summary>
    public ValueTask DisposeAsync() => _transaction?.DisposeAsync() ?? default;

    private async Task<bool> TryPassAsync()
    {
        var suspects = batch.Suspects;
        batch.StartPass();
        await ExecuteAsync(statements.Mark(batch));
        await EnterTogetherAsync();
        if (batch.Suspects > suspects) return false;
        batch.Reached(ApplyStage.BarriersWritten);
        await ChangeTogetherAsync();
        if (batch.Suspects > suspects) return false;
        for (var i = 0; i < batch.Count; i++)
            if (batch.IsSuspect(i)) await WriteAloneAsync(i);
        return true;
    }

    private async Task EnterTogetherAsync()
    {
        EnteredBarriers.CollectKeys(batch, _keys);
        EnteredBarriers? entered = null;
        try
        {
            entered = await EnterAsync();
        }
        catch (PostgresException failure) when (PostgresErrors.IsFaultOfStatement(failure))
        {
            // Nobody knows whose key it was.
        }

        EnteredBarriers.Settle(batch, entered);
    }

    private async Task<EnteredBarriers> EnterAsync()
    {
        var entered = new EnteredBarriers();
        if (_keys.Count == 0) return entered;
        await using (var commands = Commands(statements.Enter(_keys, batch.Time)))
        await using (var reader = await commands.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync()) entered.Origins.Add(Key(reader));
            await reader.NextResultAsync();
            while (await reader.ReadAsync()) entered.Own.Add(Key(reader));
            await reader.NextResultAsync(); // Also what goes wrong at the very end has then been thrown.
        }

        if (!_keys.Exists(entered.NeedsReason)) return entered;
        await using (var commands = Commands([statements.Reasons(_keys.Where(entered.NeedsReason))]))
        await using (var reader = await commands.ExecuteReaderAsync())
            while (await reader.ReadAsync()) entered.Reasons[Key(reader)] = reader.GetString(3);
        return entered;

        static (string, string, string) Key(NpgsqlDataReader reader) =>
            (reader.GetString(0), reader.GetString(1), reader.GetString(2));
    }

    private async Task ChangeTogetherAsync()
    {
        groups.Collect(batch);
        if (groups.Groups.Count == 0) return;
        await using var commands = Commands(groups.Groups.Select(statements.Change));
        var at = 0;
        try
        {
            await using var reader = await commands.ExecuteReaderAsync();
            while (at < groups.Groups.Count)
            {
                await SuspectThoseMissingAsync(groups.Groups[at], reader);
                at++; // The next result is the next statement's, and so is its error.
                await reader.NextResultAsync();
            }
        }
        catch (PostgresException failure) when (PostgresErrors.IsFaultOfStatement(failure) && at < groups.Groups.Count)
        {
            foreach (var (position, _) in groups.Groups[at].Changes) batch.SuspectContributors(position);
        }
    }

    private async Task SuspectThoseMissingAsync(ChangeGroup group, NpgsqlDataReader reader)
    {
        var changed = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync()) changed.Add(RowKey.Of(reader, group.Shape.Table));
        if (changed.Count == group.Changes.Count) return;
        foreach (var (position, values) in group.Changes)
            if (!changed.Contains(RowKey.Of(new RowChange(group.Shape, values)))) batch.SuspectContributors(position);
    }

    private async Task WriteAloneAsync(int index)
    {
        if (StorableValues.FaultOf(batch[index]) is { } impossible)
        {
            batch.Settle(index, impossible);
            return;
        }

        await ExecuteAsync("savepoint alone");
        if (!await TryWriteAloneAsync(index)) await ExecuteAsync("rollback to savepoint alone");
        await ExecuteAsync("release savepoint alone");
    }

    /// <summary>False: it is to be undone.</summary>
    private async Task<bool> TryWriteAloneAsync(int index)
    {
        var step = "its barrier row";
        try
        {
            _keys.Clear();
            if (batch[index].Barrier is { } key) _keys.Add(key);
            var entered = await EnterAsync();
            batch.Settle(index, CommitOutcome.Applied);
            if (_keys.Count > 0 && entered.OutcomeOf(_keys[0]) is { } outcome)
            {
                batch.Settle(index, outcome);
                return true;
            }

            foreach (var change in batch[index].Changes)
            {
                step = change.Shape.ToString();
                if (await ExecuteAsync(statements.Change(change)) > 0) continue;
                batch.Settle(index, CommitOutcome.Conflict);
                return false;
            }

            return true;
        }
        catch (PostgresException failure) when (PostgresErrors.IsFaultOfStatement(failure))
        {
            // An update can give its row a value that another row has.
            if (PostgresErrors.IsUniqueViolation(failure)) batch.Settle(index, CommitOutcome.Conflict);
            else batch.Settle(index, PostgresErrors.Fault(step, failure));
            return false;
        }
    }

    private Task<int> ExecuteAsync(string sql) => ExecuteAsync(new NpgsqlBatchCommand(sql));

    private async Task<int> ExecuteAsync(NpgsqlBatchCommand command)
    {
        await using var commands = Commands([command]);
        return await commands.ExecuteNonQueryAsync();
    }

    private NpgsqlBatch Commands(IEnumerable<NpgsqlBatchCommand> commands)
    {
        var batchOfCommands = new NpgsqlBatch(connection);
        foreach (var command in commands) batchOfCommands.BatchCommands.Add(command);
        return batchOfCommands;
    }
}
