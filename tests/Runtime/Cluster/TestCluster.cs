using System.Net;
using System.Net.Sockets;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>
/// Silos and clients in the test's process, over real sockets on loopback and in real time, with a membership table in memory.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly List<Member> _members = [];
    private readonly Action<ClusterOptions> _options;

    public TestCluster(Action<ClusterOptions>? options = null, IMembershipTable? table = null)
    {
        _options = options ?? (static _ => { });
        Table = table ?? new InMemoryMembershipTable(TimeProvider.System);
    }

    public IMembershipTable Table { get; }

    public Probe Probe { get; } = new();

    public Task<Member> StartSiloAsync(string? endpoint = null, Action<ISiloBuilder>? silo = null) =>
        StartAsync(endpoint ?? FreeEndpoint(), silo);

    public Task<Member> StartClientAsync(Action<ISiloBuilder>? silo = null) => StartAsync("", silo);

    /// <summary>Waits until all that are in the cluster see these silos and no others.</summary>
    public Task Settles(params Member[] silos) => TestSilo.Eventually(
        () => _members.Where(m => m.IsRunning).All(m => m.View.Silos.ToHashSet().SetEquals(silos.Select(s => s.Self))));

    /// <summary>An endpoint on loopback that nobody listens at.</summary>
    public static string FreeEndpoint()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket.LocalEndPoint!.ToString()!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Enumerable.Reverse(_members)) await member.DisposeAsync();
    }

    private async Task<Member> StartAsync(string endpoint, Action<ISiloBuilder>? configure)
    {
        var member = new Member(Build(endpoint, configure));
        _members.Add(member);
        await member.Host.StartAsync(TestContext.Current.CancellationToken);
        member.IsRunning = true;
        return member;
    }

    private IHost Build(string endpoint, Action<ISiloBuilder>? configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        if (Environment.GetEnvironmentVariable("MALL_TEST_LOG") is not null) builder.Logging.AddConsole();
        builder.Services.AddSingleton(Probe);
        builder.Services.AddSingleton(Table);
        if (endpoint.Length == 0) builder.UseMallRuntimeClient(Configure);
        else builder.UseMallRuntime(Configure);
        return builder.Build();

        void Configure(ISiloBuilder silo)
        {
            silo.UseCluster(options =>
            {
                options.Endpoint = endpoint;
                options.Secret = "a secret of the tests";
                _options(options);
            });
            configure?.Invoke(silo);
        }
    }

    /// <summary>A process of the cluster, as far as that is possible in one process.</summary>
    public sealed class Member(IHost host) : IAsyncDisposable
    {
        public IHost Host => host;

        public bool IsRunning { get; set; }

        public IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

        public SiloAddress Self => host.Services.GetRequiredService<IMembership>().Self;

        public MembershipView View => host.Services.GetRequiredService<IMembership>().Current;

        public SiloStatistics Statistics => host.Services.GetRequiredService<IRuntimeStatistics>().Take();

        public IPlacedGrain Placed(long key) => Grains.GetGrain<IPlacedGrain>(key);

        /// <summary>A grain that this silo owns in the current view, and its key.</summary>
        public long KeyOf(SiloAddress owner, int skip = 0)
        {
            var placement = host.Services.GetRequiredService<IPlacement>();
            var type = GrainType.Create("placed");
            return Enumerable.Range(1, 100_000).Where(k => owner.Equals(placement.OwnerOf(GrainId.Create(type, k), View))).ElementAt(skip);
        }

        public async Task StopAsync()
        {
            IsRunning = false;
            await host.StopAsync(CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            host.Dispose();
        }
    }
}
