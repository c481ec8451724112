using Grpc.Core;
using Grpc.Net.Client;
using Mall.Api.Transactions;

namespace Mall.Silo.Transactions;

/// <summary>Connections to branches, every one of which goes where it may and nowhere else.</summary>
internal sealed class BranchChannels(TargetBook targets) : IDisposable
{
    private const int MaxConnectionsPerTarget = 64;
    private const int MaxChannels = 1024;
    private const int MaxAnswerBytes = 1024 * 1024;

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

    /// <summary>No proxy, no redirect, no cookie; a name is resolved here, and its address has to be allowed, too.</summary>
    public static SocketsHttpHandler HandlerFor(TargetRules rules) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxConnectionsPerServer = MaxConnectionsPerTarget,
        EnableMultipleHttp2Connections = true,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2), // Names move.
        MaxResponseHeadersLength = 32, // KiB
        ConnectCallback = (context, cancellationToken) => ConnectAsync(rules, context.DnsEndPoint, cancellationToken),
    };

    private GrpcChannel Open(DnsEndPoint server) => GrpcChannel.ForAddress(
        new UriBuilder(Uri.UriSchemeHttp, server.Host, server.Port).Uri,
        new GrpcChannelOptions { HttpHandler = _grpc, DisposeHttpClient = false, MaxReceiveMessageSize = MaxAnswerBytes });

    private static async ValueTask<Stream> ConnectAsync(
        TargetRules rules, DnsEndPoint target, CancellationToken cancellationToken)
    {
        var host = target.Host.Trim('[', ']');
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal]
            : await Dns.GetHostAddressesAsync(host, cancellationToken);
        var allowed = Array.FindAll(addresses, address => rules.Allows(host, address));
        if (allowed.Length == 0)
            throw new IOException($"{host} is at {string.Join<IPAddress>(", ", addresses)}, which is outside dtm-allow.");
        RandomNumberGenerator.Shuffle<IPAddress>(allowed);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
