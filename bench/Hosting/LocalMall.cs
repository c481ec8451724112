using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using Mall.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mall.Bench.Hosting;

/// <summary>A whole mall in this process, put together as the silo does it.</summary>
sealed class LocalMall : IAsyncDisposable
{
    readonly WebApplication _host;

    LocalMall(WebApplication host) => _host = host;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>The address of REST, with a slash at the end.</summary>
    public Uri Rest => new(_host.Urls.First() + '/');

    /// <summary>Opens a mall on a database file, which is made if need be. Warnings go to the error stream.</summary>
    public static async Task<LocalMall> OpenAsync(string file, CancellationToken cancellationToken)
    {
        string[] settings = ["--db", $"sqlite:{file}", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"];
        var host = MallHost.Build(settings, builder => builder.Logging
            .ClearProviders()
            .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
            .SetMinimumLevel(LogLevel.Warning));
        await host.StartAsync(cancellationToken);
        return new LocalMall(host);
    }

    /// <summary>What the connection that commits says <c>pragma synchronous</c> is, not what was asked for.</summary>
    public async Task<string> SynchronousAsync()
    {
        var store = (SqliteStore)_host.Services.GetRequiredService<IStore>();
        return $"{await store.PragmaAsync("pragma synchronous")}";
    }

    /// <summary>Drains, and closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await _host.DisposeAsync();
    }
}
