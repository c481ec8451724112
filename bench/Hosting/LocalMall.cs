using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using Mall.Orders;
using Mall.Products;
using Mall.Shops;
using Mall.Silo;
using Mall.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mall.Bench.Hosting;

/// <summary>A whole mall in this process, put together as the silo does it, its front door open on free ports.</summary>
sealed class LocalMall : IAsyncDisposable
{
    /// <summary>More than any run can take, and as much as the front door would allow.</summary>
    public const long Plenty = 1_000_000_000;

    readonly WebApplication _host;

    LocalMall(WebApplication host) => _host = host;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>The address of REST.</summary>
    public string Rest => Addresses.First();

    /// <summary>The address of gRPC.</summary>
    public string Grpc => Addresses.Last();

    ICollection<string> Addresses =>
        _host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    /// <summary>What the connection that commits says its setting is, not what was asked for.</summary>
    public async Task<string> SynchronousAsync()
    {
        var store = (SqliteStore)_host.Services.GetRequiredService<IStore>();
        return SqliteSettings.SynchronousLevel($"{await store.PragmaAsync("pragma synchronous")}");
    }

    /// <summary>Opens a mall on a database file, which is made if need be. Warnings go to the error stream.</summary>
    public static async Task<LocalMall> OpenAsync(string file, CancellationToken cancellationToken)
    {
        string[] settings = ["--db", $"sqlite:{file}", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"];
        var host = MallHost.Build(settings, builder => builder.Logging
            .ClearProviders()
            .AddSimpleConsole()
            .SetMinimumLevel(LogLevel.Warning)
            .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
                console => console.LogToStandardErrorThreshold = LogLevel.Trace));
        await host.StartAsync(cancellationToken);
        return new LocalMall(host);
    }

    /// <summary>Registers a customer.</summary>
    /// <returns>The id.</returns>
    public async Task<long> RegisterAsync(string mobile)
    {
        var newcomer = new NewUser(mobile, PasswordHash: "none: nobody signs in", Name: "", Gender: "", Role: "user");
        var saga = Grains.GetGrain<IRegistrationSagaGrain>($"bench-{mobile}");
        return Expect(await saga.Register(new RegisterUser(newcomer, RequestHash: null))).Id;
    }

    /// <summary>Puts products on sale, in a new shop of the customer.</summary>
    /// <returns>Their ids.</returns>
    public async Task<IReadOnlyList<long>> SellAsync(long sellerId, int products, long stock)
    {
        var shop = Expect(await Grains.GetGrain<IShopDirectoryGrain>(0).Open(new OpenShop(sellerId, "Bench", Idempotency: null)));
        var ids = new List<long>();
        for (var i = 0; i < products; i++)
        {
            var product = new CreateProduct(sellerId, shop.Id, $"Bench {i}", Desc: "", Price: 100, stock, Idempotency: null);
            ids.Add(Expect(await Grains.GetGrain<IProductCatalogGrain>(0).Create(product)).Id);
        }

        return ids;
    }

    /// <summary>Drains, and closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await _host.DisposeAsync();
    }

    static T Expect<T>(Result<T> result) =>
        result.IsRefused ? throw new BenchmarkException($"{result.Refusal.Code}: {result.Refusal.Detail}") : result.Value;
}
