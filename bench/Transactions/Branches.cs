using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Bench.Transactions;

/// <summary>A service whose branches answer at once: what is measured is the manager. It counts its calls.</summary>
sealed class Branches : IAsyncDisposable
{
    readonly WebApplication _app;
    long _calls;

    Branches(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    public long Calls => Interlocked.Read(ref _calls);

    public static async Task<Branches> OpenAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var branches = new Branches(builder.Build());
        branches._app.Run(http =>
        {
            Interlocked.Increment(ref branches._calls);
            http.Response.ContentLength = 0;
            return Task.CompletedTask;
        });
        await branches._app.StartAsync(cancellationToken);
        var addresses = branches._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        branches.Address = new Uri(addresses.Single());
        return branches;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
