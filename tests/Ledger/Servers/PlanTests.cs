using System.Text;
using Mall.Ledger.MySql;
using Mall.Ledger.Postgres;
using Mall.Ledger.Stores;
using Mall.TestServers;
using Npgsql;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>
/// How the servers go about the committer's statements: by primary key, row by row, also when the plan was made while the table
/// was empty.
/// </summary>
public sealed class PlanTests
{
    private static readonly Column s_gid = new("gid", ColumnType.Text);
    private static readonly Column s_version = new("version", ColumnType.Number);
    private static readonly Column s_status = new("status", ColumnType.Text);
    private static readonly Table s_due = new("due", new Column("kind", ColumnType.Text), new Column("key", ColumnType.Text));

    private static readonly RowShape[] s_shapes =
    [
        AddStock, SetPrice, PayOrder, SetSetting, DeleteSetting, Products.Update(),
        new Table("sagas", s_gid).Update().Guard(s_version).Set(s_version, s_status),
        s_due.Delete().Guard(new Column("claimed_by", ColumnType.Text)),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Postgres_SearchesThePrimaryKey()
    {
        var database = await OpenAsync(DatabaseKind.Postgres);
        await database.Server.RunSqlAsync(
            """
            insert into products (id, shop_id, name, price, stock, sold, status, owner_epoch, create_time, update_time)
            select i, 1, 'a product', 1, 1, 0, 1, 0, 0, 0 from generate_series(1, 10000) i;
            analyze
            """, "plans", Cancel); // Of an empty table any index is as good.
        await using var source = PostgresConnections.To(database.Address, TimeSpan.FromSeconds(10), isPooled: false);
        await using var connection = (NpgsqlConnection)await source.OpenConnectionAsync(Cancel);
        foreach (var (i, shape) in s_shapes.Index())
        {
            var parameters = shape.Columns.Select(c => c.Column.Type == ColumnType.Number ? "bigint[]" : "text[]")
                .Append("bigint");
            var sql = PostgresSql.Of(shape).Change;
            var plan = await ExplainAsync(connection, $"prepare q{i}({string.Join(", ", parameters)}) as {sql}",
                $"explain execute q{i}({string.Join(", ", shape.Columns.Select(_ => "'{1}'"))}, 1)");

            Assert.True(plan.Contains($"Scan on {shape.Table}_pkey") || plan.Contains($"using {shape.Table}_pkey"), plan);
            Assert.DoesNotContain("Seq Scan", plan, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task MariaDb_SearchesThePrimaryKey()
    {
        var database = await OpenAsync(DatabaseKind.MariaDb);
        var rows = Enumerable.Range(1, 100).ToList();
        foreach (var shape in s_shapes)
        {
            await database.Server.RunSqlAsync($"analyze table {shape.Table}", "plans", Cancel);
            var changes = rows.Select(row => (row, shape.Columns
                .Select(c => c.Column.Type == ColumnType.Number ? (Value)(long)row : $"k{row}").ToArray())).ToArray();
            foreach (var count in (int[])[1, 100])
            {
                var (sql, group) = (new StringBuilder(), new ChangeGroup(shape));
                group.Changes.AddRange(changes.AsSpan(0, count));
                MySqlSql.Change(sql, group);
                var statement = sql.ToString().Split(";set @hits")[0];
                var plan = await database.Server.RunSqlAsync($"explain {statement}", "plans", Cancel);

                // Columns: id, select_type, table, type, possible_keys, key, ...; nothing is said of a row that is known not to
                // be there.
                var steps = plan.Split('\n').Select(line => line.Split('\t'))
                    .Where(step => step[2] is not ("v" or "NULL")).ToList();
                Assert.True(count == 1 || steps.Count > 0, $"{shape}: {plan}"); // Nobody knows of a hundred rows before.
                foreach (var step in steps)
                    Assert.True(step is [_, _, _, "eq_ref" or "range" or "const", _, "PRIMARY", ..], $"{shape}: {plan}");
            }
        }
    }

    private static async Task<ServerDatabase> OpenAsync(DatabaseKind kind)
    {
        var database = new ServerDatabase(kind, "plans");
        await database.PrepareAsync();
        await using var store = LedgerServices.StoreAt(TestStores.OptionsFor(database.Address), TimeProvider.System);
        await store.OpenAsync(Cancel);
        return database;
    }

    private static async Task<string> ExplainAsync(NpgsqlConnection connection, string prepare, string explain)
    {
        await using (var command = new NpgsqlCommand(prepare, connection)) await command.ExecuteNonQueryAsync(Cancel);
        await using var ask = new NpgsqlCommand(explain, connection);
        await using var reader = await ask.ExecuteReaderAsync(Cancel);
        var lines = new List<string>();
        while (await reader.ReadAsync(Cancel)) lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }
}
