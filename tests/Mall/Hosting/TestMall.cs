using System.Net;
using Mall.Api.Orders;
using Mall.Hosting;
using Mall.Ledger;
using Mall.TestFaults;
using Mall.Ledger.Stores;
using Mall.Orders;
using Mall.Products;
using Mall.Sagas;
using Mall.Shops;
using Mall.TestServers;
using Mall.Users;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Tests.Hosting;

/// <summary>
/// A mall without a front door, in this process: ledger, Orleans and grains as the silo runs them. It is a cluster of one, so two
/// of them on one database each own every grain, as two silos with different views do.
/// </summary>
public sealed class TestMall : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly int _port;

    private TestMall(IHost host, int port, string folder) => (_host, _port, Folder) = (host, port, folder);

    public string Folder { get; }

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Between the ledger and its database; faultless unless a test says otherwise.</summary>
    public FaultyStore Store => _host.Services.GetRequiredService<FaultyStore>();

    /// <summary>Retries come quickly, and nothing waits for the wall clock longer than it must.</summary>
    public static SagaOptions Impatient { get; } = new()
    {
        FirstBackoff = TimeSpan.FromMilliseconds(1),
        MaxBackoff = TimeSpan.FromMilliseconds(20),
        TakeoverAfter = TimeSpan.FromMilliseconds(200),
        FailureLimit = 3,
    };

    /// <param name="folder">An earlier mall's folder, to go on with its database; null for a new one.</param>
    /// <param name="database">The address of a database on a server; null: a file in the folder.</param>
    /// <param name="joins">Makes it a second silo of that mall's cluster.</param>
    public static async Task<TestMall> OpenAsync(
        Action<ISiloBuilder>? silo = null, Action<IServiceCollection>? services = null, SagaOptions? sagas = null,
        string? folder = null, FaultOptions? faults = null, string? database = null, TestMall? joins = null)
    {
        folder ??= TestFolder.Create("mall-test-").FullName;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(TimeProvider.System);
        var address = StoreAddress.Parse(database ?? $"sqlite:{folder}/mall.db");
        var ledger = new LedgerOptions { Address = address };
        builder.Services.AddSingleton(new FaultyStore(
            LedgerServices.StoreAt(ledger, TimeProvider.System), faults ?? new FaultOptions(), TimeProvider.System));
        builder.Services.AddSingleton<IStore>(s => s.GetRequiredService<FaultyStore>());
        builder.Services.AddMallLedger(ledger);
        builder.Services.AddMallGrains(new OrderOptions(), sagas ?? Impatient, jitterSeed: 1);
        services?.Invoke(builder.Services);
        var port = FreePorts.Take();
        builder.UseOrleans(orleans =>
        {
            orleans.UseLocalhostClustering(
                port, FreePorts.Take(), joins is null ? null : new IPEndPoint(IPAddress.Loopback, joins._port));
            orleans.UseKeyPlacement();
            silo?.Invoke(orleans);
        });
        var host = builder.Build();
        try
        {
            await host.StartAsync();
            return new TestMall(host, port, folder);
        }
        catch
        {
            await ((IAsyncDisposable)host).DisposeAsync();
            throw;
        }
    }

    public async Task<long> RegisterAsync(string mobile = "13800000001")
    {
        var user = new NewUser(mobile, "no password", "Ada", "", "user");
        return (await Grains.GetGrain<IRegistrationSagaGrain>($"user-{mobile}").Register(new RegisterUser(user, null))).Value!.Id;
    }

    /// <summary>A product on sale, in a new shop of a user.</summary>
    public async Task<long> SellAsync(long sellerId, long stock, long price = 100)
    {
        await Grains.GetGrain<IShopDirectoryGrain>(0).Open(new OpenShop(sellerId, "Shop", null));
        var product = new CreateProduct(sellerId, null, "Teapot", "", price, stock, null);
        return (await Grains.GetGrain<IProductCatalogGrain>(0).Create(product)).Value!.Id;
    }

    public Task<Result<OrderView>> PlaceAsync(string gid, long userId, params OrderLine[] lines) =>
        Grains.GetGrain<IOrderSagaGrain>(gid).Place(new PlaceOrder(userId, [.. lines], null));

    /// <summary>As a front door places it.</summary>
    public Task<Result<OrderView>> PlaceWholeAsync(string gid, long userId, OrderLine line) =>
        OrderDesk.Place(Grains, gid, new PlaceOrder(userId, [line], null));

    /// <summary>What SQL says, each row's columns joined by spaces.</summary>
    public async Task<string[]> SqlAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Folder}/mall.db;Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join(
                ' ', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "null" : reader.GetValue(i))));
        return [.. rows];
    }

    /// <summary>Changes the database of a mall that is closed.</summary>
    public async Task ChangeAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Folder}/mall.db;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until SQL says so: how a saga has succeeded is written behind its answer.</summary>
    public Task UntilSqlSaysAsync(string[] expected, string sql) =>
        EventuallyAsync(
            async () => string.Join('\n', await SqlAsync(sql)) == string.Join('\n', expected),
            $"{sql} gives {string.Join(" | ", expected)}");

    public Task<string[]> BarrierAsync(string gid) =>
        SqlAsync($"select branch_id, op, reason from barrier where gid = '{gid}' order by branch_id, op");

    /// <summary>Waits for what is bound to happen; the deadline only ends a test that has failed.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
        {
            if (deadline.IsCancellationRequested) throw new TimeoutException($"It did not happen that {what}.");
            await Task.Delay(5, CancellationToken.None);
        }
    }

    /// <summary>Ends the mall in good order and leaves its database.</summary>
    public async Task CloseAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true); // Another, which went on with it, may have.
    }
}
