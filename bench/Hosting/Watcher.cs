using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Bench.Hosting;

/// <summary>
/// Watches malls as an operator's servers do, and keeps nothing: takes whatever comes by OTLP, and reads <c>/metrics</c> of the
/// last mall that was named every five seconds. It is part of this process, whose time is nobody's of the mall.
/// </summary>
sealed class Watcher : IAsyncDisposable
{
    static readonly TimeSpan s_readsEvery = TimeSpan.FromSeconds(5);

    readonly WebApplication _sink;
    readonly CancellationTokenSource _end = new();
    readonly HttpClient _client = new() { Timeout = s_readsEvery };
    readonly Task _reading;
    long _exports;

    Watcher(WebApplication sink)
    {
        _sink = sink;
        _reading = ReadAsync();
    }

    /// <summary>Whose metrics are read; null: nobody's.</summary>
    public Uri? Mall { get; set; }

    /// <summary>What makes a mall watched.</summary>
    public string[] Settings { get; private set; } = [];

    public long Exports => Interlocked.Read(ref _exports);

    public static async Task<Watcher> OpenAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var watcher = new Watcher(builder.Build());
        watcher._sink.Run(watcher.TakeAsync);
        await watcher._sink.StartAsync(cancellationToken);
        var addresses = watcher._sink.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        watcher.Settings = [$"MALL_OTLP={addresses.Single()}", "MALL_TRACE_RATIO=0.01"];
        return watcher;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _reading;
        await _sink.DisposeAsync();
        _client.Dispose();
        _end.Dispose();
    }

    /// <summary>An answer of gRPC: an empty message, and that all is well.</summary>
    async Task TakeAsync(HttpContext http)
    {
        await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
        Interlocked.Increment(ref _exports);
        http.Response.ContentType = "application/grpc";
        http.Response.AppendTrailer("grpc-status", "0");
        await http.Response.Body.WriteAsync(new byte[5], http.RequestAborted);
    }

    async Task ReadAsync()
    {
        using var timer = new PeriodicTimer(s_readsEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                try
                {
                    if (Mall is { } mall) await _client.GetByteArrayAsync(new Uri(mall, "metrics"), _end.Token);
                }
                catch (Exception failure)
                    when (failure is HttpRequestException or OperationCanceledException && !_end.IsCancellationRequested)
                {
                    // Its turn is over.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }
}
