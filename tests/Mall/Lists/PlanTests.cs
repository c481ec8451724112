using System.Collections.Concurrent;
using Mall.Ledger;
using Mall.Ledger.Stores;
using Mall.Lists;
using Mall.Orders;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Mall.TestServers;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Lists;

/// <summary>How the servers find a page of a list among very many rows: by an index, from where it begins. On MariaDB what is
/// due, and what is to be cleaned up, likewise.</summary>
public sealed class PlanTests
{
    private const int Rows = 30_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Postgres_FindsPagesByAnIndex()
    {
        var (server, pages) = await PagesAsync(DatabaseKind.Postgres, $"generate_series(1, {Rows}) as s(n)");
        foreach (var sql in pages)
        {
            var plan = await server.RunSqlAsync($"explain {sql}", "plans", Cancel);
            Assert.False(plan.Contains("Seq Scan on", StringComparison.Ordinal), $"{sql}: {plan}");
            var index = sql.Contains("from sagas", StringComparison.Ordinal) ? "sagas_by_status" : "orders_by_user";
            Assert.True(plan.Contains($"using {index}", StringComparison.Ordinal), $"{sql}: {plan}");
        }
    }

    [Fact]
    public async Task MariaDb_FindsPagesAndDueWorkByAnIndex()
    {
        var columns = new List<DueColumn>();
        var (server, pages) = await PagesAsync(
            DatabaseKind.MariaDb, $"(select seq as n from seq_1_to_{Rows}) s", columns);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(100);
        var due = columns.Where(column => column.Table.Name is "sagas" or "orders")
            .Select(column => ShortQueries.Claim(new DueClaim("c", [column.Kind], time, time, 10, column)).Rows)
            .Select(rows => ListeningLedger.Text(rows.Query.Sql, rows.Parameters)).ToList();
        Assert.Equal(2, due.Count);
        var ended = ShortQueries.CleanUp(time, 10).Rows;
        foreach (var sql in pages.Concat(due).Append(ListeningLedger.Text(ended.Query.Sql, ended.Parameters)))
        {
            // Columns: id, select_type, table, type, possible_keys, key, key_len, ref, rows, Extra.
            var plan = await server.RunSqlAsync($"explain {sql}", "plans", Cancel);
            var steps = plan.Split('\n').Select(line => line.Split('\t')).Where(step => step[2] is "sagas" or "orders" or "i");
            Assert.True(steps.Any(), $"{sql}: {plan}");
            foreach (var step in steps)
                Assert.True(step is [_, _, "i", ..] or [_, _, _, "range", _, not "PRIMARY", ..], $"{sql}: {plan}");
        }
    }

    /// <summary>A mall with very many orders and sagas, and the statements of all pages that can be asked for.</summary>
    private static async Task<(DatabaseServer Server, List<string> Pages)> PagesAsync(
        DatabaseKind kind, string numbers, List<DueColumn>? columns = null)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(kind);
        var asked = new ConcurrentQueue<string>();
        await using var mall = await TestMall.OpenAsync(
            services: all =>
            {
                columns?.AddRange(all.Select(one => one.ImplementationInstance).OfType<DueColumn>());
                all.AddSingleton<ILedger>(some => new ListeningLedger(some.GetRequiredService<DurableLedger>(), asked));
            },
            database: await server.CreateDatabaseAsync("plans", Cancel));
        foreach (var fill in (string[])
        [
            "insert into sagas (gid, kind, status, payload, create_time, update_time, finish_time, position) "
                + $"select concat('g', n), 'order', 'succeed', repeat('x', 300), n, n, n, n from {numbers}",
            "insert into orders (id, gid, user_id, amount, status, create_time, update_time, position) "
                + $"select n, concat('g', n), n % 10, 1, 0, n, n, n from {numbers}",
            $"insert into order_items (order_id, product_id, name, quantity, price) select n, 1, 'x', 1, 1 from {numbers}",
        ])
            await server.RunSqlAsync(fill, "plans", Cancel);
        foreach (var table in (string[])["sagas", "orders", "order_items"])
            await server.RunSqlAsync($"analyze {(kind == DatabaseKind.MariaDb ? "table" : "")} {table}", "plans", Cancel);

        asked.Clear();
        var history = mall.Grains.GetGrain<IOrderHistoryGrain>(0);
        await history.List(new ListOrders(1, null, new ListPlace(Rows / 2, 1), 20));
        await history.List(new ListOrders(1, null, null, 20, NewestFirst: true));
        var directory = mall.Grains.GetGrain<ISagaDirectoryGrain>(0);
        foreach (var status in (string?[])[null, SagaStatus.Submitted, SagaStatus.Succeed, SagaStatus.Failed])
            foreach (var isParked in (bool?[])[null, true, false])
                await directory.List(status, isParked, new ListPlace(Rows / 2, "g"), 20);
        return (server, [.. asked.Where(sql => sql.Contains("position >", StringComparison.Ordinal)
            || sql.Contains("position <", StringComparison.Ordinal))]);
    }
}
