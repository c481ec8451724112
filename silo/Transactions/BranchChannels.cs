using Grpc.Core;
using Grpc.Net.Client;
using Mall.Api.Transactions;
using Mall.Silo.Outward;

namespace Mall.Silo.Transactions;

/// <summary>Connections to branches, every one of which goes where it may and nowhere else.</summary>
internal sealed class BranchChannels(TargetBook targets) : IDisposable
{
    private const int MaxConnectionsPerServer = 1024; // Of all its targets.
    private const int MaxChannels = 1024;
    private const int MaxAnswerBytes = 4 * 1024 * 1024; // As large as clients of gRPC take one.

    private readonly ConcurrentDictionary<DnsEndPoint, GrpcChannel> _channels = [];
    private readonly SocketsHttpHandler _grpc = HandlerFor(targets.Rules);

    public void Dispose()
    {
        foreach (var channel in _channels.Values) channel.Dispose();
        _grpc.Dispose();
    }

    /// <summary>The channel to a server. They share their connections, so one that is forgotten costs nothing.</summary>
    public CallInvoker To(DnsEndPoint server)
    {
        if (_channels.Count > MaxChannels) _channels.Clear();
        return _channels.GetOrAdd(server, Open).CreateCallInvoker();
    }

    /// <summary>A name is resolved here, and its address has to be allowed, too.</summary>
    public static SocketsHttpHandler HandlerFor(TargetRules rules)
    {
        var handler = GuardedHandler.For(rules.Allows, "outside dtm-allow");
        handler.MaxConnectionsPerServer = MaxConnectionsPerServer;
        handler.ConnectTimeout = TimeSpan.FromSeconds(5); // Who comes back is not kept waiting by attempts from before.
        handler.EnableMultipleHttp2Connections = true;
        handler.PooledConnectionLifetime = TimeSpan.FromSeconds(30); // Names move, and machines go without a word.
#pragma warning disable CA2262 // It is KiB that is meant: over gRPC a branch's reason is among the headers.
        handler.MaxResponseHeadersLength = 1024;
#pragma warning restore CA2262
        return handler;
    }

    private GrpcChannel Open(DnsEndPoint server) => GrpcChannel.ForAddress(
        new UriBuilder(Uri.UriSchemeHttp, server.Host, server.Port).Uri,
        new GrpcChannelOptions { HttpHandler = _grpc, DisposeHttpClient = false, MaxReceiveMessageSize = MaxAnswerBytes });
}
