using Mall.Api.Health;
using Microsoft.AspNetCore.Http.Features;

namespace Mall.Silo.Cluster;

/// <summary>
/// What a silo without a front door shows of itself: health and metrics, at <c>http</c>, if that is given. Without it the silo is
/// heard of on its cluster address only, so that several fit on a machine without more settings.
/// </summary>
internal static class BackDoor
{
    private static readonly string[] s_reads = [HttpMethods.Get, HttpMethods.Head];

    public static void AddBackDoor(this WebApplicationBuilder builder, MallSettings settings)
    {
        builder.Services.AddRouting();
        if (builder.Configuration[SettingNames.Http] is null)
        {
            builder.Services.AddSingleton<IServer, NoServer>();
            return;
        }

        FreeAddress.Require(SettingNames.Http, settings.Http);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenAt(settings.Http, static _ => { }));
    }

    public static void MapBackDoor(this WebApplication silo)
    {
        silo.MapMallMetrics();
        silo.MapMethods("/health/live", s_reads, static http => http.Response.WriteAsJsonAsync(new { status = "live" }));
        silo.MapMethods("/health/ready", s_reads, static async http =>
        {
            var lifetime = http.RequestServices.GetRequiredService<IHostApplicationLifetime>();
            var isStopping = lifetime.ApplicationStopping.IsCancellationRequested;
            var checks = http.RequestServices.GetRequiredService<HealthCheckService>();
            var report = await checks.CheckHealthAsync(http.RequestAborted);
            var isReady = !isStopping && report.Status == HealthStatus.Healthy;
            http.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsJsonAsync(new { status = isReady ? "ready" : isStopping ? "stopping" : "unready" });
        });
    }

    /// <summary>The host of a web application wants a server; this one listens nowhere.</summary>
    private sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
