using Microsoft.Data.Sqlite;

namespace Mall.Tests.Fuzz;

/// <summary>Counts every change of every row, by triggers, but for what the mall does by itself.</summary>
internal sealed class Changes : IAsyncDisposable
{
    private const string Own = "'commit_marks', 'due', 'id_blocks', 'schema_version', 'settings', 'fuzz_changes'";

    // Of rows that clients write, what the mall writes behind: who owns a product, sales for lists, how deliveries and runs went.
    private const string OwnColumns =
        "'owner_epoch', 'sales', 'seen', 'failures', 'last_error', 'failing_since', 'next_time', 'last_time', 'outcome', "
        + "'update_time'";

    private readonly SqliteConnection _connection;

    private Changes(SqliteConnection connection) => _connection = connection;

    public static async Task<Changes> OfAsync(string folder)
    {
        var changes = new Changes(new SqliteConnection($"Data Source={folder}/mall.db;Pooling=False"));
        await changes._connection.OpenAsync();
        await changes.ReadAsync(
            "create table fuzz_changes (n integer not null, last text); insert into fuzz_changes values (0, '')");
        var tables = await changes.ReadAsync(
            $"""
            select t.name, group_concat('"' || c.name || '"') from sqlite_master t join pragma_table_info(t.name) c
            where t.type = 'table' and t.name not like 'sqlite%' and t.name not in ({Own}) and c.name not in ({OwnColumns})
            group by t.name
            """);
        foreach (var (table, columns) in tables)
            foreach (var kind in new[] { "insert", $"update of {columns}", "delete" })
                await changes.ReadAsync(
                    $"create trigger \"fuzz_{table}_{kind[..6]}\" after {kind} on \"{table}\" begin "
                    + $"update fuzz_changes set n = n + 1, last = '{kind[..6]} {table}'; end");
        return changes;
    }

    /// <summary>What is counted before there was any.</summary>
    public const string None = "0";

    /// <summary>How many there were, and the last.</summary>
    public async Task<(string Count, string Last)> CountAsync() => (await ReadAsync("select n, last from fuzz_changes"))[0];

    /// <summary>Waits for what a saga writes behind its answer.</summary>
    public async Task UntilQuietAsync()
    {
        const string underWay = "select count(*), '' from sagas where finish_time is null and next_time is not null";
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while ((await ReadAsync(underWay))[0].Item1 != "0")
        {
            if (deadline.IsCancellationRequested) throw new TimeoutException("A saga has not ended.");
            await Task.Delay(1);
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<List<(string, string)>> ReadAsync(string sql)
    {
        await using var command = _connection.CreateCommand();
#pragma warning disable CA2100 // Constants, and names of the mall's own tables.
        command.CommandText = sql;
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<(string, string)>();
        while (await reader.ReadAsync()) rows.Add(($"{reader.GetValue(0)}", $"{reader.GetValue(1)}"));
        return rows;
    }
}
