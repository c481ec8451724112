using System.Buffers;
using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>
/// A network on the simulation's one thread: frames take a time drawn from the seed and keep their order on each connection;
/// processes die, ways are cut in one direction or both, and connections over them end when nothing has been heard for a while.
/// </summary>
public sealed class SimulatedNetwork(int seed, FakeTime time, SimulatedScheduler scheduler, TimeSpan silenceLimit)
{
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, SimulatedTransport> _processes = [];
    private readonly HashSet<(string From, string To)> _cuts = [];
    private readonly List<Connection> _connections = [];

    /// <summary>The longest that a frame takes.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(5);

    internal FakeTime Time => time;

    internal SimulatedScheduler Scheduler => scheduler;

    /// <summary>The process's way into the network; one that was there before at this name is dead.</summary>
    public SimulatedTransport Attach(string name, IMembership membership) =>
        _processes[name] = new SimulatedTransport(this, name, membership);

    public void Kill(string name)
    {
        _processes[name].IsDead = true;
        foreach (var connection in _connections.Where(c => c.Touches(name)).ToArray())
            After(RandomDelay(), () => End(connection, "its process is gone"));
    }

    public void Cut(string from, string to)
    {
        if (!_cuts.Add((from, to))) return;
        foreach (var connection in _connections.Where(c => c.Touches(from) && c.Touches(to)).ToArray())
        {
            connection.HasLostFrames = true;
            After(silenceLimit, () => End(connection, "nothing was heard of it"));
        }
    }

    public void MendAll() => _cuts.Clear();

    internal TimeSpan RandomDelay() => TimeSpan.FromMilliseconds(_random.NextDouble() * Delay.TotalMilliseconds);

    internal void After(TimeSpan delay, Action action)
    {
        ITimer? timer = null;
        timer = time.CreateTimer(_ =>
        {
            timer!.Dispose();
            action();
        }, null, delay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What somebody finds who dials this silo now.</summary>
    internal ProbeFinding Look(SimulatedTransport from, SiloAddress to) =>
        from.Membership.MayServe ? Reach(from, to) : ProbeFinding.Silent;

    /// <summary>The same, also for a silo that may not serve.</summary>
    internal ProbeFinding Reach(SimulatedTransport from, SiloAddress to)
    {
        if (from.IsDead || IsCut(from.Name, to.Endpoint)) return ProbeFinding.Silent;
        if (!_processes.TryGetValue(to.Endpoint, out var process) || process.IsDead) return ProbeFinding.Gone;
        if (!process.Membership.Self.Equals(to)) return ProbeFinding.Gone;
        return process.Membership.MayServe ? ProbeFinding.Alive : ProbeFinding.Silent;
    }

    /// <summary>The connection by which this process sends requests to that silo, made if that is possible.</summary>
    internal Connection? Dial(SimulatedTransport from, SiloAddress to)
    {
        if (_connections.Find(c => c.Dialer == from && c.Target.Equals(to)) is { } existing) return existing;
        if (Look(from, to) != ProbeFinding.Alive) return null;
        var connection = new Connection(from, _processes[to.Endpoint], from.Membership.Self, to);
        _connections.Add(connection);
        return connection;
    }

    /// <summary>The connection by which a process that has dialed gets its answers.</summary>
    internal Connection? ConnectionOf(SiloAddress dialer, SimulatedTransport acceptor) =>
        _connections.Find(c => c.Acceptor == acceptor && c.DialedAs.Equals(dialer));

    internal IEnumerable<Connection> ConnectionsOf(SimulatedTransport process) =>
        _connections.Where(c => c.Dialer == process || c.Acceptor == process).ToArray();

    internal void Deliver(Connection connection, SimulatedTransport to, byte[] bytes)
    {
        var from = connection.Other(to);
        if (IsCut(from.Name, to.Name)) connection.HasLostFrames = true; // It ends by silence, see Cut.
        if (connection.HasLostFrames) return;
        connection.Schedule(to, RandomDelay(), time, delay => After(delay, () =>
        {
            if (connection.HasEnded || to.IsDead || connection.HasLostFrames) return;
            to.Receiver!.Receive(to == connection.Acceptor ? connection.DialedAs : connection.Target, bytes);
        }));
    }

    /// <summary>The dialer hears of it before anything else can be sent.</summary>
    internal void End(Connection connection, string reason)
    {
        if (connection.HasEnded) return;
        connection.HasEnded = true;
        connection.Dialer.OnLost(
            connection.Target, new SiloUnavailableException($"The connection to {connection.Target} is lost: {reason}."));
        _connections.Remove(connection);
    }

    private bool IsCut(string from, string to) => _cuts.Contains((from, to)) || _cuts.Contains((to, from));

    internal sealed class Connection(
        SimulatedTransport dialer, SimulatedTransport acceptor, SiloAddress dialedAs, SiloAddress target)
    {
        private readonly Dictionary<SimulatedTransport, DateTimeOffset> _lastDelivery = [];

        public SimulatedTransport Dialer => dialer;

        public SimulatedTransport Acceptor => acceptor;

        public SiloAddress DialedAs => dialedAs;

        public SiloAddress Target => target;

        public bool HasEnded { get; set; }

        /// <summary>Something was lost on it: what comes later may not come through, or order would be broken.</summary>
        public bool HasLostFrames { get; set; }

        public bool Touches(string name) => dialer.Name == name || acceptor.Name == name;

        public SimulatedTransport Other(SimulatedTransport one) => one == dialer ? acceptor : dialer;

        /// <summary>Delivers after a delay, but not before what was sent earlier in this direction.</summary>
        public void Schedule(SimulatedTransport to, TimeSpan delay, FakeTime clock, Action<TimeSpan> deliver)
        {
            var now = clock.GetUtcNow();
            var at = now + delay;
            if (_lastDelivery.TryGetValue(to, out var last) && at <= last) at = last + TimeSpan.FromTicks(1);
            _lastDelivery[to] = at;
            deliver(at - now);
        }
    }
}

/// <summary>One process's transport in the simulated network.</summary>
public sealed class SimulatedTransport(SimulatedNetwork network, string name, IMembership membership) : ITransport, IProber
{
    public event Action<SiloAddress>? PeerLost;

    public string Name => name;

    public bool IsDead { get; set; }

    internal IMembership Membership => membership;

    internal IFrameReceiver? Receiver { get; private set; }

    public void Start(IFrameReceiver receiver)
    {
        Receiver = receiver;
        membership.Changed += TellView;
    }

    public void Send(SiloAddress destination, IOutboundFrame frame) =>
        network.Scheduler.Schedule(new Sending(this, destination, frame), near: false);

    public async Task<ProbeAnswer> ProbeAsync(SiloAddress silo)
    {
        await Task.Delay(network.RandomDelay(), network.Time);
        var finding = network.Look(this, silo);
        if (finding == ProbeFinding.Alive) network.Dial(this, silo);
        return new ProbeAnswer(finding, "simulated");
    }

    public async Task<ProbeAnswer> ReachAsync(SiloAddress silo)
    {
        await Task.Delay(network.RandomDelay(), network.Time);
        return new ProbeAnswer(network.Reach(this, silo), "simulated");
    }

    public void CutOff(Exception reason)
    {
        foreach (var connection in network.ConnectionsOf(this)) network.End(connection, reason.Message);
    }

    public Task StopAsync()
    {
        CutOff(new SiloUnavailableException("It stops."));
        IsDead = true;
        return Task.CompletedTask;
    }

    internal void OnLost(SiloAddress peer, Exception reason)
    {
        if (IsDead) return;
        Receiver!.Lost(peer, reason);
        PeerLost?.Invoke(peer);
    }

    private void Send(IOutboundFrame frame, SiloAddress destination)
    {
        var connection = frame.IsAnswer ? network.ConnectionOf(destination, this) : network.Dial(this, destination);
        if (connection is not null && !membership.MayServe)
        {
            network.End(connection, "it has lost its lease");
            connection = null;
        }

        if (connection is null || IsDead)
        {
            frame.Undeliverable(new SiloUnavailableException($"No connection to {destination}."));
            return;
        }

        var bytes = new ArrayBufferWriter<byte>();
        frame.WriteTo(bytes);
        network.Deliver(connection, connection.Other(this), bytes.WrittenSpan.ToArray());
    }

    /// <summary>News of a view go round with the signs of life of each connection.</summary>
    private void TellView(MembershipView view)
    {
        foreach (var connection in network.ConnectionsOf(this))
        {
            var other = connection.Other(this);
            network.After(network.RandomDelay(), () =>
            {
                if (!connection.HasEnded && !connection.HasLostFrames && !other.IsDead) other.Membership.Hint(view.Version);
            });
        }
    }

    private sealed class Sending(
        SimulatedTransport transport, SiloAddress destination, IOutboundFrame frame) : IThreadPoolWorkItem
    {
        public void Execute() => transport.Send(frame, destination);
    }
}
