using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Mall.Silo.Cluster;

/// <summary>
/// Finds dead silos at once. When a connection to another silo ends although nobody has declared that silo dead or heard it say
/// good-bye, its address is tried; one that refuses twice has no process behind it any more, and is declared dead. Whoever hangs
/// or is cut off does not refuse: that is for Orleans' probes and votes. Logs who comes and who goes.
/// </summary>
internal sealed partial class DeathWatch(IServiceProvider services, TimeProvider time, ILogger<DeathWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan s_secondTry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(1);

    // Looked up when needed: Orleans makes this before its membership.
    private IClusterMembershipService Membership => services.GetRequiredService<IClusterMembershipService>();

    private IPEndPoint Own => services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint;

    /// <summary>A link in the chain of each connection to another silo.</summary>
    public ConnectionDelegate Follow(ConnectionDelegate next) => async connection =>
    {
        var peer = connection.RemoteEndPoint as IPEndPoint;
        try
        {
            await next(connection);
        }
        finally
        {
            if (peer is not null) _ = InspectAsync(peer); // It never throws, and the connection's end does not wait for it.
        }
    };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = new Dictionary<SiloAddress, SiloStatus>();
        await foreach (var snapshot in Membership.MembershipUpdates.WithCancellation(stoppingToken))
        {
            foreach (var (silo, member) in snapshot.Members)
            {
                if (known.GetValueOrDefault(silo) == member.Status || silo.Endpoint.Equals(Own)) continue;
                var isNews = member.Status != SiloStatus.Dead || known.ContainsKey(silo);
                known[silo] = member.Status;
                if (isNews) LogStatus(silo.Endpoint, silo.Generation, member.Status);
            }
        }
    }

    private async Task InspectAsync(IPEndPoint peer)
    {
        try
        {
            if (ActiveAt(peer) is null || !await RefusesAsync(peer)) return;
            await Task.Delay(s_secondTry, time);
            if (ActiveAt(peer) is not { } silo || !await RefusesAsync(peer)) return;
            LogFoundDead(silo.Endpoint, silo.Generation);
            await Membership.TryKill(silo);
        }
        catch (Exception unforeseen) // The edge of this errand; the probes find the silo, too, only later.
        {
            LogFailed(peer, unforeseen);
        }
    }

    private SiloAddress? ActiveAt(IPEndPoint peer) => Membership.CurrentSnapshot.Members.Values
        .FirstOrDefault(member => member.Status == SiloStatus.Active && member.SiloAddress.Endpoint.Equals(peer))?.SiloAddress;

    private async Task<bool> RefusesAsync(IPEndPoint peer)
    {
        using var socket = new Socket(peer.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(s_connectLimit, time);
        try
        {
            await socket.ConnectAsync(peer, limit.Token);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(5103, LogLevel.Information, "Silo {Silo} (generation {Generation}) is {Status}")]
    private partial void LogStatus(IPEndPoint silo, int generation, SiloStatus status);

    [LoggerMessage(5104, LogLevel.Warning, "Silo {Silo} (generation {Generation}) refuses connections: it is declared dead")]
    private partial void LogFoundDead(IPEndPoint silo, int generation);

    [LoggerMessage(5105, LogLevel.Warning, "Whether silo {Peer} is alive could not be found out")]
    private partial void LogFailed(IPEndPoint peer, Exception exception);
}
