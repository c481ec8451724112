using System.Diagnostics;
using System.Globalization;
using Mall.TestServers;
using static Mall.Ledger.Tests.SagaTables;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>The clean-up removes more than comes in, on a server that has much to remove, while orders come in.</summary>
public abstract class CleanUpRateTests(DatabaseKind kind)
{
    private static readonly int s_sagas = int.Parse(
        Environment.GetEnvironmentVariable("MALL_TEST_CLEANUP_SAGAS") ?? "60000", CultureInfo.InvariantCulture);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CleanUp_RemovesAllThatIsOver_WhileOrdersComeIn()
    {
        var database = new ServerDatabase(kind, "clean_up");
        await database.PrepareAsync();
        var options = TestStores.OptionsFor(database.Address);
        options.DueClaim = TimeSpan.FromMinutes(20);
        var store = LedgerServices.StoreAt(options, TimeProvider.System);
        await using var ledger = TestStores.LedgerOn(store, options);
        await ledger.OpenAsync(Cancel);
        await FillAsync(database.Server);
        await ledger.CommitAsync(new WriteSet(Product(1, 1_000_000_000)));
        await ledger.CommitAsync(
            new WriteSet(DueWork.Schedule(LedgerCleaner.KindOfWork, "all", TimeProvider.System.GetUtcNow())));
        using var metrics = new LedgerMetrics();
        var cleaner = new LedgerCleaner(store, ledger, options, new LedgerClock(TimeProvider.System), metrics, []);

        var (watch, orders, isOver) = (Stopwatch.StartNew(), 0, false);
        var shoppers = Enumerable.Range(0, 16).Select(shopper => Task.Run(async () =>
        {
            for (var i = 0; !Volatile.Read(ref isOver); i++)
            {
                var gid = $"{shopper}-{i}";
                await ledger.CommitAsync(Saga(gid, DateTimeOffset.UtcNow, ended: false));
                await ledger.CommitAsync(new WriteSet(Action(gid, "02"), Take(1, 1)));
                Interlocked.Increment(ref orders);
            }
        }, Cancel)).ToList();
        await cleaner.HandleAsync(new DueItem(LedgerCleaner.KindOfWork, "all", 1), Cancel);
        watch.Stop();
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(shoppers);

        var rate = s_sagas / watch.Elapsed.TotalSeconds;
        TestContext.Current.SendDiagnosticMessage(
            $"{kind}: {rate:0} sagas removed a second, {orders / watch.Elapsed.TotalSeconds:0} orders a second meanwhile");
        Assert.True(s_sagas > orders, $"{orders} came in while {s_sagas} were removed.");
        Assert.Equal("0", await database.Server.RunSqlAsync(
            "select count(*) from sagas where finish_time is not null", "clean_up", Cancel));
        Assert.Equal($"{2 * orders}", await database.Server.RunSqlAsync("select count(*) from barrier", "clean_up", Cancel));
    }

    private async Task FillAsync(DatabaseServer server)
    {
        // What docs/operations.md wants for a busy mall, of a machine with 16 GiB. With the 128 MiB that MariaDB has by itself
        // millions of sagas are on its disk, in the order of their gids, and clean-up reads and writes a page for each row.
        if (kind == DatabaseKind.MariaDb)
            await server.RunSqlAsync(
                "set global innodb_buffer_pool_size = 4294967296; set global innodb_log_file_size = 1073741824",
                database: null, Cancel);
        var (numbers, text) = kind == DatabaseKind.Postgres
            ? ($"generate_series(1, {s_sagas}) as s(n)", "md5(n::text)")
            : ($"(select seq as n from seq_1_to_{s_sagas}) s", "md5(n)");
        await server.RunSqlAsync(
            $"insert into sagas (gid, kind, status, payload, create_time, update_time, finish_time) "
            + $"select {text}, 'order', 'succeed', repeat('x', 300), n, n, n from {numbers}", "clean_up", Cancel);
        foreach (var branch in (string[])["01", "02"])
            await server.RunSqlAsync(
                $"insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time) "
                + $"select 'saga', {text}, '{branch}', 'action', '01', 'action', n from {numbers}", "clean_up", Cancel);
    }
}

[Collection(nameof(Rates))]
public sealed class PostgresCleanUpTests() : CleanUpRateTests(DatabaseKind.Postgres);

[Collection(nameof(Rates))]
public sealed class MariaDbCleanUpTests() : CleanUpRateTests(DatabaseKind.MariaDb);
