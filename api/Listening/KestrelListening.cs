using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Mall.Api;

/// <summary>How Kestrel listens for the mall, and how much patience it has with clients.</summary>
public static class KestrelListening
{
    private const int MaxHeaderBytes = 16 * 1024;
    private const int MaxHeaderCount = 64;
    private const int MaxConnections = 16_384;
    private const int MaxConnectionsPerAddress = MaxConnections / 2; // One proxy may need many, but not all.
    private const int MaxStreamsPerConnection = 512;
    private const double SlowestReader = 4096; // Bytes a second, of what is more than it reads in the grace period.

    /// <summary>
    /// Opens the two addresses: <see cref="ApiOptions.Http"/> for HTTP/1.1 and <see cref="ApiOptions.Grpc"/> for HTTP/2. A client
    /// that sends headers or a body too slowly, or reads its answer too slowly, is cut off.
    /// </summary>
    public static void ListenForMall(this KestrelServerOptions kestrel, ApiOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        SetLimits(kestrel.Limits, options);
        var places = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetConcurrencyLimiter(
            address, _ => new ConcurrencyLimiterOptions { PermitLimit = MaxConnectionsPerAddress }));
        kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => async connection =>
        {
            using var place = places.AttemptAcquire(Origin.Of((connection.RemoteEndPoint as IPEndPoint)?.Address));
            if (place.IsAcquired)
                await next(connection); // Else it is hung up on.
        }));

        kestrel.ListenAt(options.Http, listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.ListenAt(options.Grpc, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            if (options.GrpcCertificate is { } certificate)
                listen.UseHttps(certificate);
        });
    }

    private static void SetLimits(KestrelServerLimits limits, ApiOptions options)
    {
        limits.MaxRequestBodySize = options.MaxRequestBytes;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestHeaderCount = MaxHeaderCount;
        limits.MaxRequestLineSize = MaxHeaderBytes / 2;
        limits.MaxConcurrentConnections = MaxConnections;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.MinResponseDataRate = new MinDataRate(SlowestReader, TimeSpan.FromSeconds(10));
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        limits.Http2.MaxStreamsPerConnection = MaxStreamsPerConnection;
        limits.Http2.MaxRequestHeaderFieldSize = MaxHeaderBytes / 2;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
    }

    /// <summary>Listens at all addresses where the host is <c>*</c>, of as many protocols as the machine has.</summary>
    public static void ListenAt(this KestrelServerOptions kestrel, ListenAddress address, Action<ListenOptions> configure)
    {
        if (address.Host == "*")
            kestrel.ListenAnyIP(address.Port, configure);
        else if (address is { Host: "localhost", Port: not 0 })
            kestrel.ListenLocalhost(address.Port, configure);
        else if (address.Host == "localhost")
            kestrel.Listen(IPAddress.Loopback, address.Port, configure); // A free port can be had of one interface only.
        else
            kestrel.Listen(IPAddress.Parse(address.Host), address.Port, configure);
    }
}
