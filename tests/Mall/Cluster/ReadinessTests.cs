using System.Globalization;
using System.Net;
using Mall.Ledger;
using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using Mall.Tests.Hosting;
using Mall.Tests.Installations;
using Mall.TestServers;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Cluster;

/// <summary>
/// Ready means that orders can be written. Each trouble here leaves reads alone: not ready soon, alive all the time, ready again
/// when it is over. (Soon is ten seconds and five; on a machine that is busy with other things it may be more.)
/// </summary>
public sealed class ReadinessTests
{
    private static readonly TimeSpan s_tellsWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_recoversWithin = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_WhileAnotherProgramLocksTheFile_SaysNo()
    {
        await using var mall = await WholeMall.OpenAsync();
        await using var connection = new SqliteConnection($"Data Source={mall.Folder}/mall.db;Pooling=False");
        await connection.OpenAsync(Cancel);
        SqliteTransaction? other = null;
        await AssertToldAsync(mall, Break, Mend);

        Task Break()
        {
            other = connection.BeginTransaction();
            return Task.CompletedTask;
        }

        async Task Mend() => await other!.DisposeAsync();
    }

    [Fact]
    public async Task Ready_WhileTheFileMayNotGrow_SaysNo()
    {
        await using var mall = await WholeMall.OpenAsync();
        var store = (SqliteStore)mall.Services.GetRequiredService<IStore>();
        await AssertToldAsync(mall, () => MayHavePagesAsync(1), () => MayHavePagesAsync(100_000));

        Task MayHavePagesAsync(int count) =>
            store.OnOwnAsync(own => own.Read(ShortQueries.Number($"pragma max_page_count = {count}")));
    }

    [Fact]
    public Task Ready_WhilePostgresIsReadOnly_SaysNo() => Task.WhenAll(
        AssertToldOfReadOnlyAsync(cutsSessions: true, cutsThemAgain: true),
        AssertToldOfReadOnlyAsync(cutsSessions: false, cutsThemAgain: true),
        AssertToldOfReadOnlyAsync(cutsSessions: true, cutsThemAgain: false));

    [Fact]
    public async Task Ready_WhileMariaDbIsReadOnly_SaysNo()
    {
        _ = await ServerAsync(DatabaseKind.MariaDb);
        await using var server = await DatabaseServer.StartAsync(DatabaseKind.MariaDb, Cancel);
        var address = await server.CreateDatabaseAsync("mall", Cancel);
        await server.RunSqlAsync( // Whoever may do everything may write on a server that is read-only.
            "create user clerk@'%' identified by 'mall-test'; grant all on mall.* to clerk@'%'", cancellationToken: Cancel);
        await using var mall = await WholeMall.OpenAsync(
            database: address.Replace("//mall:", "//clerk:", StringComparison.Ordinal));
        await AssertToldAsync(
            mall, () => server.RunSqlAsync("set global read_only = 1", cancellationToken: Cancel),
            () => server.RunSqlAsync("set global read_only = 0", cancellationToken: Cancel));
    }

    /// <summary>Some orders still fit into the pages that there are. (MariaDB ends itself on such a disk.)</summary>
    [Fact]
    public async Task Ready_WhileTheServersDiskIsFull_SaysNo()
    {
        _ = await ServerAsync(DatabaseKind.Postgres);
        await using var server = await DatabaseServer.StartAsync(DatabaseKind.Postgres, Cancel);
        await using var disk = await SmallDisk.TryMountAsync(megabytes: 40);
        if (disk is null)
        {
            const string missing = "No disk can be mounted: it needs root, and a system that lets it.";
            Assert.False(Environment.GetEnvironmentVariable("MALL_TEST_REQUIRE")?.Split(',').Contains("mounts") == true, missing);
            Assert.Skip(missing);
        }

        // The server makes its own folder in one that everybody may write to.
        await server.RunSqlAsync($"copy (select 1) to program 'mkdir -m 700 {disk.Folder}/data'", cancellationToken: Cancel);
        await server.RunSqlAsync($"create tablespace small location '{disk.Folder}/data'", cancellationToken: Cancel);
        await server.RunSqlAsync("create database mall tablespace small", cancellationToken: Cancel);
        await using var mall = await WholeMall.OpenAsync(database: server.AddressOf("mall"));
        await AssertToldAsync(mall, () => Task.Run(disk.Fill), () => Task.Run(disk.Free));
    }

    /// <summary>
    /// Sessions that are open already go on writing; ids are reserved by others. Those that begin meanwhile stay as they began:
    /// nobody has to cut them for the mall to recover.
    /// </summary>
    private static async Task AssertToldOfReadOnlyAsync(bool cutsSessions, bool cutsThemAgain)
    {
        var server = await ServerAsync(DatabaseKind.Postgres);
        var name = $"read_only_{cutsSessions}_{cutsThemAgain}".ToLowerInvariant();
        await using var mall = await WholeMall.OpenAsync(database: await server.CreateDatabaseAsync(name, Cancel));
        await AssertToldAsync(mall, () => SetAsync("on", cuts: true), () => SetAsync("off", cutsThemAgain));

        async Task SetAsync(string value, bool cuts)
        {
            await RunAsync($"alter database {name} set default_transaction_read_only = {value}");
            if (!cuts) return;
            if (cutsSessions) await server.KillSessionsAsync(name, Cancel);
            else
                await RunAsync("select pg_terminate_backend(pid) from pg_stat_activity "
                    + $"where application_name = 'mall' and datname = '{name}'");
        }

        Task RunAsync(string sql) => server.RunSqlAsync(sql, cancellationToken: Cancel);
    }

    private static async Task<DatabaseServer> ServerAsync(DatabaseKind kind)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        return await DatabaseServer.SharedAsync(kind);
    }

    private static async Task AssertToldAsync(WholeMall mall, Func<Task> breakIt, Func<Task> mendIt)
    {
        var (_, token) = await mall.RegisterAsync("13800000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var product = await mall.SellAsync(token, stock: 1000);
        Assert.Equal(HttpStatusCode.OK, await ReadyAsync(mall));
        using var shopping = new CancellationTokenSource();
        var orders = Enumerable.Range(0, 4).Select(_ => ShopAsync(mall, token, product, shopping.Token)).ToArray();

        await breakIt();
        await UntilAsync(mall, HttpStatusCode.ServiceUnavailable, s_tellsWithin);
        Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", "/health/live")).Status);
        Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", $"/v1/products/{product}")).Status);
        for (var i = 0; i < 20; i++) // It does not waver while nothing has changed.
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await ReadyAsync(mall));
            await Task.Delay(TimeSpan.FromMilliseconds(200), Cancel);
        }

        await mendIt();
        await UntilAsync(mall, HttpStatusCode.OK, s_recoversWithin);
        await shopping.CancelAsync();
        await Task.WhenAll(orders);
    }

    private static async Task<HttpStatusCode> ReadyAsync(WholeMall mall) => (await mall.SendAsync("GET", "/health/ready")).Status;

    private static async Task UntilAsync(WholeMall mall, HttpStatusCode status, TimeSpan bound)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await ReadyAsync(mall) != status)
        {
            if (TimeProvider.System.GetElapsedTime(started) >= bound)
                Assert.Fail(string.Join('\n', mall.Log.Warnings.TakeLast(5).Prepend($"Not {status} within {bound}.")));
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancel);
        }
    }

    /// <summary>As behind a balancer: only while the mall says that it is ready.</summary>
    private static async Task ShopAsync(WholeMall mall, string token, long product, CancellationToken cancellationToken)
    {
        var items = string.Create(CultureInfo.InvariantCulture, $$"""{"items":[{"productId":{{product}},"quantity":1}]}""");
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await ReadyAsync(mall) == HttpStatusCode.OK) await mall.SendAsync("POST", "/v1/orders", items, token);
            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }
}
