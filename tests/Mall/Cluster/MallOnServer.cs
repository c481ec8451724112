using Mall.Hosting;
using Mall.Ledger;
using Mall.Ledger.Stores;
using Mall.Orders;
using Mall.Runtime;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Tests.Cluster;

/// <summary>
/// A mall without a front door, in this process, on a database server that others may share. It believes to be alone: two of them
/// on one database each believe to own every grain, as two silos with different views do.
/// </summary>
public sealed class MallOnServer : IAsyncDisposable
{
    private readonly IHost _host;

    private MallOnServer(IHost host) => _host = host;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public static async Task<MallOnServer> OpenAsync(string address)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddMallLedger(
            new LedgerOptions { Address = StoreAddress.Parse(address) });
        builder.Services.AddMallGrains(new OrderOptions(), TestMall.Impatient, jitterSeed: 1);
        builder.UseMallRuntime();
        var host = builder.Build();
        await host.StartAsync();
        return new MallOnServer(host);
    }

    /// <summary>How often a grain of this type has been activated here.</summary>
    public long Activated(string type) =>
        _host.Services.GetRequiredService<IRuntimeStatistics>().Take().GrainTypes.Single(t => t.GrainType == type).Activated;

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }
}
