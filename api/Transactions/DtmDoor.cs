using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Prometheus;

namespace Mall.Api.Transactions;

/// <summary>
/// The door for DTM's clients: a server of its own beside the mall's, with addresses, limits and routes of its own, so that
/// neither can be reached through the other. It knows no users: who may come is a matter of addresses.
/// </summary>
public sealed class DtmDoor(
    DtmOptions options, IGrainFactory grains, ILoggerFactory loggers, IHostApplicationLifetime lifetime)
    : IHostedService, IAsyncDisposable
{
    private WebApplication? _server;
    private CancellationTokenRegistration _stopping;
    private Task? _stop;

    /// <summary>Where it listens, HTTP first.</summary>
    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "Mall" });
        builder.Services.AddSingleton(loggers).AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddSingleton(options).AddSingleton(grains).AddSingleton<DtmDesk>().AddSingleton<DtmRpcs>();
        builder.Services.AddRouting();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.MaxRequestBytes;
            grpc.CompressionProviders.Clear(); // A small message may hold a large one.
            grpc.IgnoreUnknownServices = true;
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(Listen);
        _server = builder.Build();
        _server.Use(AdmitAsync);
        _server.UseRouting();
        _server.UsePathNames();
        _server.MapDtm();
        _server.MapGrpcService<DtmRpcs>();
        _server.MapMetrics("/api/metrics");
        await _server.StartAsync(cancellationToken);
        Addresses =
        [
            .. _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a =>
                new Uri(a)),
        ];
        // The host stops one service after the other, and the mall's own door, which may wait for its clients, comes first.
        _stopping = lifetime.ApplicationStopping.UnsafeRegister(_ => _stop = _server.StopAsync(CancellationToken.None), null);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) =>
        _stop?.WaitAsync(cancellationToken) ?? _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _stopping.Dispose();
        return _server?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private void Listen(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes;
        kestrel.Limits.MaxConcurrentConnections = 4096;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        if (options.Http is { } http) kestrel.ListenAt(http, listen => listen.Protocols = HttpProtocols.Http1);
        if (options.Grpc is { } grpc) kestrel.ListenAt(grpc, listen => listen.Protocols = HttpProtocols.Http2);
    }

    private Task AdmitAsync(HttpContext http, RequestDelegate next)
    {
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var why = options.Clients.Count > 0 && !options.Clients.Any(range => range.Contains(address))
            ? "Your address is outside dtm-clients."
            : IsFromPage(http) ? "A web page of another origin may not ask." : null;
        if (why is null) return next(http);
        if (http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) is not true)
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return http.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["message"] = why });
        }

        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)StatusCode.PermissionDenied).ToString(CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] = why;
        return Task.CompletedTask;
    }

    /// <summary>
    /// A browser sends simple requests for any page, to loopback addresses, too; services are no browsers, and pages that are
    /// served from this very address ask from the same origin. So does a page whose name has been turned to a loopback address
    /// since it was loaded: what comes there from a browser has to ask for it by no name but the machine's own.
    /// </summary>
    private static bool IsFromPage(HttpContext http)
    {
        var (site, origin, host) = (http.Request.Headers["Sec-Fetch-Site"], http.Request.Headers.Origin, http.Request.Host);
        if (site.Count + origin.Count == 0) return false;
        return site is not ([] or ["none" or "same-origin"])
            || !(origin is [] || (origin is [var text] && Uri.TryCreate(text, UriKind.Absolute, out var page)
                && page.Authority == host.Value))
            || (IsLoopback(http.Connection.LocalIpAddress) && !host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                && !IPAddress.TryParse(host.Host, out _));
    }

    private static bool IsLoopback(IPAddress? address) =>
        address is not null && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    /// <summary>The process's own host decides when it starts and stops.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
