using System.Collections.Concurrent;
using Mall.Ledger;
using Mall.Lists;
using Mall.Orders;
using Mall.Products;
using Mall.Reviews;
using Mall.Sagas;
using Mall.Shops;
using Mall.Tests.Hosting;
using Mall.TestServers;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Lists;

/// <summary>
/// How the databases find a page of what shoppers see among very many rows, of which as many as there can be are alike in what
/// they go by: one search in an index that has them in the page's order. The lists that <see cref="PlanTests"/> ask the servers
/// about, SQLite is asked about here.
/// </summary>
public sealed class CatalogPlanTests
{
    private const int Rows = 20_000;

    private static readonly string[] s_fills =
    [
        "insert into shops (id, owner_id, name, sales, stars, reviews, create_time, update_time, position) "
            + "select n, n, 'Shop', 0, n % 50, 10, n, n, n from numbers",
        "insert into products (id, shop_id, name, price, stock, status, create_time, update_time, position) "
            + "select n, 1 + n % 50, concat('Tea ', n), 100, 1, 1, n, n, n from numbers",
        "insert into reviews (id, product_id, user_id, stars, create_time, position) "
            + "select n, 1 + n % 2, n, 5, n, n from numbers",
        "insert into orders (id, gid, user_id, amount, status, create_time, update_time, position) "
            + "select n, concat('g', n), n % 10, 1, 0, n, n, n from numbers",
        "insert into sagas (gid, kind, status, payload, create_time, update_time, finish_time, position) "
            + "select concat('g', n), 'order', 'succeed', 'x', n, n, n, n from numbers",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sqlite_FindsPagesByAnIndexInTheirOrder()
    {
        var asked = new ConcurrentQueue<string>();
        await using var mall = await OpenAsync(asked, database: null);
        await using (var connection = new SqliteConnection($"Data Source={mall.Folder}/mall.db;Pooling=False"))
        {
            await connection.OpenAsync(Cancel);
            connection.CreateFunction("concat", (string text, long n) => text + n);
            await using var fill = connection.CreateCommand();
            fill.CommandText = string.Join(';', s_fills.Select(sql =>
                $"with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < {Rows}) {sql}"));
            await fill.ExecuteNonQueryAsync(Cancel);
        }

        foreach (var sql in await PagesAsync(mall, asked))
        {
            // Columns: id, parent, (unused), what it does; names of tables here are of one word.
            var steps = await mall.SqlAsync($"explain query plan {sql}");
            Assert.DoesNotMatch("SCAN (products|shops|reviews|orders|sagas)", string.Join('\n', steps));
            Assert.Contains(steps, step => step.Contains("USING INDEX"));
            if (sql.Contains(" from orders ") || sql.Contains(" from sagas ")) continue; // A page is put in order at the end.
            Assert.DoesNotContain(steps, step => step.Contains("TEMP B-TREE"));
        }
    }

    [Fact]
    public async Task Postgres_FindsPagesByAnIndexInTheirOrder()
    {
        var (server, pages) = await OnServerAsync(DatabaseKind.Postgres, $"generate_series(1, {Rows}) as numbers(n)");
        foreach (var sql in pages.Where(IsCatalog))
        {
            var plan = await server.RunSqlAsync($"explain {sql}", "catalog_plans", Cancel);
            var isInOrder = plan.Contains($"using {IndexOf(sql)}") && !plan.Contains("Sort");
            // What few names match is found first, by whichever index, and then put in order.
            var isByName = sql.Contains("like");
            Assert.True(!plan.Contains("Seq Scan") && (isInOrder || isByName), $"{sql}: {plan}");
        }
    }

    [Fact]
    public async Task MariaDb_FindsPagesByAnIndexInTheirOrder()
    {
        var (server, pages) = await OnServerAsync(DatabaseKind.MariaDb, $"(select seq as n from seq_1_to_{Rows}) numbers");
        foreach (var sql in pages.Where(IsCatalog))
        {
            // Columns: id, select_type, table, type, possible_keys, key, key_len, ref, rows, Extra.
            var plan = await server.RunSqlAsync($"explain {sql}", "catalog_plans", Cancel);
            Assert.True(plan.Split('\t') is [_, _, _, "range", _, var key, _, _, _, var extra]
                && key == IndexOf(sql) && !extra.Contains("filesort"), $"{sql}: {plan}");
        }
    }

    private static bool IsCatalog(string sql) => !sql.Contains(" from orders ") && !sql.Contains(" from sagas ");

    /// <summary>The one that MySQL is told to use.</summary>
    private static string IndexOf(string sql) => sql.Split("force index (")[1].Split(')')[0];

    private static async Task<(DatabaseServer Server, List<string> Pages)> OnServerAsync(DatabaseKind kind, string numbers)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(kind);
        var asked = new ConcurrentQueue<string>();
        await using var mall = await OpenAsync(asked, await server.CreateDatabaseAsync("catalog_plans", Cancel));
        foreach (var fill in s_fills)
            await server.RunSqlAsync(fill.Replace("numbers", numbers, StringComparison.Ordinal), "catalog_plans", Cancel);
        foreach (var table in (string[])["products", "shops", "reviews"])
            await server.RunSqlAsync($"analyze {(kind == DatabaseKind.MariaDb ? "table" : "")} {table}", "catalog_plans", Cancel);
        return (server, await PagesAsync(mall, asked));
    }

    private static Task<TestMall> OpenAsync(ConcurrentQueue<string> asked, string? database) => TestMall.OpenAsync(
        services: all => all.AddSingleton<ILedger>(
            some => new ListeningLedger(some.GetRequiredService<DurableLedger>(), asked)),
        database: database);

    /// <summary>The statements of all pages that can be asked for, from the middle of their lists on.</summary>
    private static async Task<List<string>> PagesAsync(TestMall mall, ConcurrentQueue<string> asked)
    {
        asked.Clear();
        var catalog = mall.Grains.GetGrain<IProductCatalogGrain>(0);
        foreach (var order in Enum.GetValues<ProductOrder>())
            foreach (var shop in (long?[])[null, 1])
                foreach (var query in (string?[])[null, "tea", "19999"])
                    await catalog.List(new ListProducts(order, shop, query, Middle(order), 20));
        foreach (var (order, value) in new[] { (ShopOrder.Opened, Rows / 2), (ShopOrder.Rating, 250), (ShopOrder.Sales, 0) })
            await mall.Grains.GetGrain<IShopDirectoryGrain>(0).List(
                new ListShops(order, new ListPlace(value, Rows / 2), 20));
        await mall.Grains.GetGrain<IReviewDirectoryGrain>(0).List(1, new ListPlace(Rows / 2, Rows / 2), 20);
        var history = mall.Grains.GetGrain<IOrderHistoryGrain>(0);
        await history.List(new ListOrders(1, null, new ListPlace(Rows / 2, 1), 20));
        await history.List(new ListOrders(1, null, null, 20, NewestFirst: true));
        await mall.Grains.GetGrain<ISagaDirectoryGrain>(0).List(null, null, new ListPlace(Rows / 2, "g"), 20);
        return [.. asked.Where(sql => sql.Contains(" limit ", StringComparison.Ordinal) && sql.Contains("order by"))];
    }

    private static ListPlace Middle(ProductOrder order) => new(
        order switch { ProductOrder.Created => Rows / 2, ProductOrder.Sales => 0, ProductOrder.Recommended => 300, _ => 100 },
        Rows / 2);
}
