using System.Buffers;
using System.Collections.Immutable;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Runtime.Tests.Remote;

/// <summary>A view that a test sets. Silos may disagree, as they do in life.</summary>
public sealed class TestMembership(SiloAddress self) : IMembership
{
    public event Action<MembershipView>? Changed;

    public SiloAddress Self { get; } = self;

    public MembershipView Current { get; private set; } = new(0, []);

    /// <summary>What a refresh finds.</summary>
    public MembershipView? Newest { get; set; }

    public int Refreshes { get; private set; }

    public void Set(MembershipView view)
    {
        Current = view;
        Changed?.Invoke(view);
    }

    public Task RefreshAsync(long version, CancellationToken cancellationToken)
    {
        Refreshes++;
        if (Newest is not null && Newest.Version > Current.Version) Set(Newest);
        return Task.CompletedTask;
    }
}

/// <summary>Carries frames between the silos of a simulation; a test may cut a silo off.</summary>
public sealed class TestNetwork(SimulatedScheduler scheduler)
{
    private readonly Dictionary<SiloAddress, IFrameReceiver> _receivers = [];
    private readonly HashSet<SiloAddress> _dead = [];

    public int Frames { get; private set; }

    public void Kill(SiloAddress silo) => _dead.Add(silo);

    /// <summary>Every connection to this silo is seen to end.</summary>
    public void Reset(SiloAddress silo)
    {
        foreach (var receiver in _receivers.Where(r => !r.Key.Equals(silo)).Select(r => r.Value))
            receiver.Lost(silo, new SiloUnavailableException("The connection was reset."));
    }

    public ITransport TransportOf(SiloAddress self) => new Transport(this, self);

    private sealed class Transport(TestNetwork network, SiloAddress self) : ITransport, IThreadPoolWorkItem
    {
        private readonly Queue<(SiloAddress, byte[])> _sent = [];

        public void Start(IFrameReceiver receiver) => network._receivers[self] = receiver;

        public void Send(SiloAddress destination, IOutboundFrame frame)
        {
            var output = new ArrayBufferWriter<byte>();
            try
            {
                frame.WriteTo(output);
            }
            catch (WireFormatException exception)
            {
                frame.Undeliverable(exception);
                return;
            }

            network.Frames++;
            _sent.Enqueue((destination, output.WrittenSpan.ToArray()));
            network.Scheduler.Schedule(this, near: false);
        }

        public void Execute()
        {
            var (destination, bytes) = _sent.Dequeue();
            if (network._dead.Contains(destination) || network._dead.Contains(self)) return; // Lost without a word.
            network._receivers[destination].Receive(self, bytes);
        }
    }

    private SimulatedScheduler Scheduler => scheduler;
}

/// <summary>Several silos on one simulated thread.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly List<Node> _nodes = [];
    private readonly SimulatedScheduler _scheduler;

    private TestCluster(SimulatedScheduler scheduler, FakeTime time)
    {
        _scheduler = scheduler;
        Time = time;
        Network = new TestNetwork(scheduler);
    }

    public FakeTime Time { get; }

    public TestNetwork Network { get; }

    public Probe Probe { get; } = new();

    public Node this[int index] => _nodes[index];

    public static void Simulate(int silos, Func<TestCluster, Task> test, int seed = 1)
    {
        var time = new FakeTime();
        var scheduler = new SimulatedScheduler(seed, time);
        scheduler.Run(async () =>
        {
            await using var cluster = new TestCluster(scheduler, time);
            for (var i = 0; i < silos; i++) await cluster.Add($"silo{i}", seed);
            cluster.SetViews(1, [.. Enumerable.Range(0, silos)]);
            await test(cluster);
        });
    }

    public async Task<Node> Add(string name, int seed = 1)
    {
        var address = new SiloAddress(name, 1);
        var membership = new TestMembership(address);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddSingleton(Probe);
        builder.Services.AddSingleton<IWorkScheduler>(_scheduler);
        builder.Services.AddSingleton<IRandomSource>(new SeededRandomSource(seed));
        builder.Services.AddSingleton<IMembership>(membership);
        builder.Services.AddSingleton(Network.TransportOf(address));
        builder.UseMallRuntime();
        var services = builder.Services.BuildServiceProvider();
        foreach (var service in services.GetServices<IHostedService>()) await service.StartAsync(CancellationToken.None);
        var node = new Node(address, services, membership);
        _nodes.Add(node);
        return node;
    }

    public MembershipView View(long version, params int[] silos) => new(version, [.. silos.Select(i => _nodes[i].Address)]);

    /// <summary>Gives all nodes the same view.</summary>
    public void SetViews(long version, params int[] silos)
    {
        foreach (var node in _nodes) node.Membership.Set(View(version, silos));
    }

    public Task Settle() => _scheduler.WhenIdle();

    public async Task Pass(TimeSpan span)
    {
        var end = Time.GetUtcNow() + span;
        while (Time.AdvanceToNextTimer(end)) await _scheduler.WhenIdle();
        await _scheduler.WhenIdle();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            foreach (var service in node.Services.GetServices<IHostedService>()) await service.StopAsync(CancellationToken.None);
            await node.Services.DisposeAsync();
        }
    }

    /// <summary>One process of the cluster.</summary>
    public sealed record Node(SiloAddress Address, ServiceProvider Services, TestMembership Membership)
    {
        public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

        public SiloStatistics Statistics => Services.GetRequiredService<IRuntimeStatistics>().Take();

        public long Activations(string grainType) => Statistics.GrainTypes.Single(t => t.GrainType == grainType).Activations;
    }
}
