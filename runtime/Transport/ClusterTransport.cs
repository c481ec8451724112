using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mall.Runtime;

/// <summary>
/// Frames over streams. Each process dials the silos that it sends requests to, and gets their answers on the same connection; so
/// two silos that call each other have two, one for each direction. Neither has to find out which of two connections that were
/// dialed at once is to live, a lost connection says exactly which calls are lost with it, a cut that works in one direction only
/// is felt by the side that suffers from it, and a client is a process that dials and is not dialed.
/// </summary>
public sealed partial class ClusterTransport : ITransport, IProber, IDisposable
{
    /// <summary>The protocol that this build speaks. Processes of different versions refuse each other.</summary>
    public const int ProtocolVersion = HandshakeMessage.CurrentVersion;

    /// <summary>What a peer that is to be cut off gets to take what is queued for it.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan KnownPoll = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<SiloAddress, Peer> _peers = new();
    private readonly ConcurrentDictionary<SiloAddress, Link> _accepted = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly IMembership _membership;
    private readonly IStreamNetwork _network;
    private readonly IWorkScheduler _scheduler;
    private readonly TimeProvider _time;
    private readonly ClusterOptions _options;
    private readonly Handshake _handshake;
    private readonly TransportLog _log;
    private readonly TransportMetrics _metrics;
    private LinkSurroundings? _around;
    private IStreamListener? _listener;
    private ITimer? _timer;
    private volatile bool _isStopped;

    /// <summary>Made by the host.</summary>
    public ClusterTransport(
        IMembership membership, IStreamNetwork network, IWorkScheduler scheduler, IRandomSource random, TimeProvider time,
        IOptions<ClusterOptions> options, IMeterFactory meters, ILogger<ClusterTransport> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _membership = membership;
        _network = network;
        _scheduler = scheduler;
        _time = time;
        _options = options.Value;
        _handshake = new Handshake(_options.ClusterId, _options.Secret, random);
        _log = new TransportLog(logger);
        _metrics = new TransportMetrics(
            meters, () => _accepted.Count + _peers.Values.LongCount(p => p.IsConnected),
            () => _accepted.Values.Sum(l => (long)l.Waiting) + _peers.Values.Sum(p => (long)p.Waiting));
    }

    /// <inheritdoc/>
    public event Action<SiloAddress>? PeerLost;

    private LinkSurroundings Around => _around ?? throw new InvalidOperationException("The transport has not been started.");

    /// <inheritdoc/>
    public void Start(IFrameReceiver receiver)
    {
        _around = new LinkSurroundings(_options, _membership, _scheduler, _time, _log, _metrics, receiver);
        if (_options.Endpoint.Length != 0)
        {
            _listener = Listen();
            _log.Listens(_options.Endpoint);
            _scheduler.Schedule(new Acceptor(this), near: false);
        }

        _membership.Changed += OnViewChanged;
        _timer = _time.CreateTimer(
            static state => ((ClusterTransport)state!).Tick(), this, _options.ProbePeriod, _options.ProbePeriod);
    }

    /// <inheritdoc/>
    public void Send(SiloAddress destination, IOutboundFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (frame.IsAnswer) SendBack(destination, frame);
        else if (_isStopped) frame.Undeliverable(new SiloUnavailableException("This process stops; the call has not been sent."));
        else PeerAt(destination).Send(frame);
    }

    /// <inheritdoc/>
    public bool IsOutOfReach(SiloAddress destination) => _peers.TryGetValue(destination, out var peer) && peer.IsOutOfReach;

    /// <inheritdoc/>
    public Task<ProbeAnswer> ProbeAsync(SiloAddress silo) => PeerAt(silo).ProbeAsync();

    /// <inheritdoc/>
    public async Task<ProbeAnswer> ReachAsync(SiloAddress silo)
    {
        try
        {
            await using var stream = await DialAsync(silo);
            return new ProbeAnswer(ProbeFinding.Alive, "it answers");
        }
        catch (Exception exception) // An edge: whatever keeps the connection from being made is the answer.
        {
            return Peer.Judge(exception);
        }
    }

    /// <inheritdoc/>
    public void CutOff(Exception reason)
    {
        foreach (var (_, link) in _accepted) link.Close(reason);
        foreach (var (address, peer) in _peers)
        {
            _peers.TryRemove(KeyValuePair.Create(address, peer));
            _ = peer.CloseAsync(reason, TimeSpan.Zero);
        }
    }

    /// <inheritdoc/>
    public async Task UntilKnownAsync(long version, TimeSpan limit)
    {
        var start = _time.GetTimestamp();
        while (_accepted.Values.Any(link => link.HeardVersion < version) && _time.GetElapsedTime(start) < limit)
            await Task.Delay(KnownPoll, _time);
    }

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        _isStopped = true;
        _membership.Changed -= OnViewChanged;
        _timer?.Dispose();
        await _stopping.CancelAsync();
        _listener?.Dispose();
        var reason = new SiloUnavailableException("This process stops.");
        var ends = _accepted.Values.Select(l => l.CloseGentlyAsync(reason, Farewell));
        await Task.WhenAll([.. ends, .. _peers.Values.Select(p => p.CloseAsync(reason, Farewell))]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _listener?.Dispose();
        _stopping.Dispose();
        _metrics.Dispose();
    }

    internal void OnPeerLost(SiloAddress peer) => PeerLost?.Invoke(peer);

    /// <summary>Opens a connection and comes to terms with who is there.</summary>
    internal async Task<Stream> DialAsync(SiloAddress address)
    {
        using var patience = new CancellationTokenSource(_options.ConnectTimeout, _time);
        try
        {
            var stream = await _network.ConnectAsync(address.Endpoint, patience.Token);
            if (_options.Certificate is { } certificate) stream = await TlsStreams.DialAsync(stream, certificate, patience.Token);
            try
            {
                await _handshake.DialAsync(stream, _membership.Self, address, patience.Token);
                return stream;
            }
            catch
            {
                await stream.DisposeAsync();
                throw;
            }
        }
        catch (OperationCanceledException exception)
        {
            throw new IOException($"no answer within {_options.ConnectTimeout}", exception);
        }
    }

    private IStreamListener Listen()
    {
        try
        {
            return _network.Listen(_options.Endpoint);
        }
        catch (IOException exception)
        {
            throw new ClusterStartException($"cannot listen at {exception.Message}", exception);
        }
    }

    private Peer PeerAt(SiloAddress address) =>
        _peers.TryGetValue(address, out var peer)
            ? peer
            : _peers.GetOrAdd(address, static (a, t) => new Peer(t, a, t.Around), this);

    private void SendBack(SiloAddress destination, IOutboundFrame frame)
    {
        if (_accepted.TryGetValue(destination, out var link) && link.TrySend(frame)) return;
        frame.Undeliverable(new SiloUnavailableException($"{destination} has hung up."));
    }

    private void Tick()
    {
        if (!_membership.MayServe)
        {
            CutOff(new SiloUnavailableException("This silo has lost its lease."));
            return;
        }

        var allowed = Math.Max(2, (int)(_options.SilenceLimit / _options.ProbePeriod));
        foreach (var (_, peer) in _peers) peer.Tick(allowed);
        // Whoever dialed is the one to ask; this side gives it the same time once more before it lets go.
        foreach (var (_, link) in _accepted) link.Tick(2 * allowed);
    }

    /// <summary>
    /// Spreads the news, and lets go of silos that are gone. Those that leave still answer what they were asked.
    /// </summary>
    private void OnViewChanged(MembershipView view)
    {
        foreach (var (address, peer) in _peers)
        {
            peer.TellView();
            if (view.Silos.Contains(address) || view.Leaving.Contains(address)) continue;
            if (_peers.TryRemove(KeyValuePair.Create(address, peer)))
                _ = peer.CloseAsync(new SiloUnavailableException($"{address} has left the cluster."), TimeSpan.Zero);
        }

        foreach (var (_, link) in _accepted) link.TellView();
    }
}
