using Microsoft.AspNetCore.Connections;

namespace Mall.Silo.Cluster;

/// <summary>
/// Finds dead silos at once. When a connection with another silo ends, the addresses of all that count as alive are tried; one
/// that refuses twice in a row has no process behind it any more, and is declared dead. Whoever hangs or is cut off does not
/// refuse: that is for Orleans' probes and votes. Logs who comes and who goes.
/// </summary>
internal sealed partial class DeathWatch(IServiceProvider services, TimeProvider time, ILogger<DeathWatch> logger)
    : BackgroundService
{
    // A process that is killed may lose its connections a moment before the socket that it listens at: as long as it does not
    // refuse, it is tried this often.
    private const int Tries = 4;
    private const int RefusalsOfTheDead = 2;
    private static readonly TimeSpan s_betweenTries = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(1);

    // Longer than any connection that another silo makes to try an address: those must not set off tries in their turn.
    private static readonly TimeSpan s_shortestLife = TimeSpan.FromSeconds(3);

    private readonly Dictionary<SiloAddress, int> _triesLeft = []; // of those that are being tried

    // Looked up when needed: Orleans makes this before its membership.
    private IClusterMembershipService Membership => services.GetRequiredService<IClusterMembershipService>();

    private IPEndPoint Own => services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint;

    /// <summary>A link in the chain of each connection with another silo that this one has opened.</summary>
    public ConnectionDelegate FollowOutbound(ConnectionDelegate next) => Follow(next, TimeSpan.Zero);

    /// <summary>The same for those that others have opened.</summary>
    public ConnectionDelegate FollowInbound(ConnectionDelegate next) => Follow(next, s_shortestLife);

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

    private ConnectionDelegate Follow(ConnectionDelegate next, TimeSpan shortestLife) => async connection =>
    {
        var start = time.GetTimestamp();
        try
        {
            await next(connection);
        }
        finally
        {
            if (time.GetElapsedTime(start) >= shortestLife)
            {
                foreach (var silo in ActiveOthers()) _ = InspectAsync(silo); // It never throws, and nothing waits for it.
            }
        }
    };

    private async Task InspectAsync(SiloAddress silo)
    {
        lock (_triesLeft)
        {
            var isBeingTried = _triesLeft.ContainsKey(silo);
            _triesLeft[silo] = Tries; // Another connection that ends meanwhile is a reason to go on.
            if (isBeingTried) return;
        }

        try
        {
            if (!await IsGoneAsync(silo) || !ActiveOthers().Contains(silo)) return;
            LogFoundDead(silo.Endpoint, silo.Generation);
            await Membership.TryKill(silo);
        }
        catch (Exception unforeseen) // The edge of this errand; the probes find the silo, too, only later.
        {
            LogFailed(silo.Endpoint, unforeseen);
        }
    }

    /// <summary>Whether it refuses as often as only the dead do.</summary>
    private async Task<bool> IsGoneAsync(SiloAddress silo)
    {
        var refusals = 0;
        while (true)
        {
            refusals = await RefusesAsync(silo.Endpoint) ? refusals + 1 : 0;
            lock (_triesLeft)
            {
                var mayBeAlive = refusals < RefusalsOfTheDead;
                if (!mayBeAlive || (refusals == 0 && --_triesLeft[silo] == 0))
                {
                    _triesLeft.Remove(silo);
                    return !mayBeAlive;
                }
            }

            await Task.Delay(s_betweenTries, time);
        }
    }

    private IEnumerable<SiloAddress> ActiveOthers() =>
        from member in Membership.CurrentSnapshot.Members.Values
        where member.Status == SiloStatus.Active && !member.SiloAddress.Endpoint.Equals(Own)
        select member.SiloAddress;

    /// <summary>Never throws, whatever a process without a socket to spare says: who is being tried must not stay so.</summary>
    private async Task<bool> RefusesAsync(IPEndPoint peer)
    {
        using var limit = new CancellationTokenSource(s_connectLimit, time);
        try
        {
            using var socket = new Socket(peer.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
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
