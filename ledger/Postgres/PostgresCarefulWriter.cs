using Npgsql;

namespace Mall.Ledger.Postgres;

internal sealed class PostgresCarefulWriter(
    NpgsqlConnection connection, PostgresStatements statements, ChangeGroups groups, Batch batch)
    : CarefulWriter(groups, batch, PostgresErrors.Instance)
{
    public override Task<int> ExecuteAsync(string sql) => ExecuteAsync(new NpgsqlBatchCommand(sql));

    protected override Task BeginAsync() =>
        ExecuteAsync(new NpgsqlBatchCommand("begin isolation level read committed"), statements.Mark(Batch));

    protected override async Task<EnteredBarriers> EnterAsync(List<BarrierKey> keys)
    {
        var entered = new EnteredBarriers();
        if (keys.Count == 0) return entered;
        await using (var commands = Commands(statements.Enter(keys, Batch.Time)))
        await using (var reader = await commands.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync()) entered.Origins.Add(Key(reader));
            await reader.NextResultAsync();
            while (await reader.ReadAsync()) entered.Own.Add(Key(reader));
            await reader.NextResultAsync(); // Also what goes wrong at the very end has then been thrown.
        }

        if (!keys.Exists(entered.NeedsReason)) return entered;
        await using (var commands = Commands([statements.Reasons(keys.Where(entered.NeedsReason))]))
        await using (var reader = await commands.ExecuteReaderAsync())
            while (await reader.ReadAsync()) entered.Reasons[Key(reader)] = reader.GetString(3);
        return entered;

        static (string, string, string) Key(NpgsqlDataReader reader) =>
            (reader.GetString(0), reader.GetString(1), reader.GetString(2));
    }

    protected override async Task ChangeTogetherAsync(IReadOnlyList<ChangeGroup> changes)
    {
        await using var commands = Commands(changes.Select(statements.Change));
        var at = 0;
        try
        {
            await using var reader = await commands.ExecuteReaderAsync();
            while (at < changes.Count)
            {
                await SuspectThoseMissingAsync(changes[at], reader);
                at++; // The next result is the next statement's, and so is its error.
                await reader.NextResultAsync();
            }
        }
        catch (PostgresException failure) when (PostgresErrors.Instance.IsFaultOfStatement(failure) && at < changes.Count)
        {
            foreach (var (position, _) in changes[at].Changes) Batch.SuspectContributors(position);
        }
    }

    protected override Task<int> ChangeAsync(RowChange change) => ExecuteAsync(statements.Change(change));

    private async Task SuspectThoseMissingAsync(ChangeGroup group, NpgsqlDataReader reader)
    {
        var changed = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync()) changed.Add(RowKey.Of(reader, group.Shape.Table));
        if (changed.Count == group.Changes.Count) return;
        foreach (var (position, values) in group.Changes)
            if (!changed.Contains(RowKey.Of(new RowChange(group.Shape, values)))) Batch.SuspectContributors(position);
    }

    private async Task<int> ExecuteAsync(params NpgsqlBatchCommand[] commands)
    {
        await using var batchOfCommands = Commands(commands);
        return await batchOfCommands.ExecuteNonQueryAsync();
    }

    private NpgsqlBatch Commands(IEnumerable<NpgsqlBatchCommand> commands)
    {
        var batchOfCommands = new NpgsqlBatch(connection);
        foreach (var command in commands) batchOfCommands.BatchCommands.Add(command);
        return batchOfCommands;
    }
}
