using System.Net;
using System.Net.Sockets;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>
/// Silos and clients in the test's process and in real time, with a membership table in memory; over a network in memory that the
/// test can break, or over real sockets.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private readonly List<Member> _members = [];
    private readonly Action<ClusterOptions> _options;
    private readonly bool _overTcp;
    private readonly IMembershipTable _table = new InMemoryMembershipTable(TimeProvider.System);

    public TestCluster(Action<ClusterOptions>? options = null, bool overTcp = false)
    {
        _options = options ?? (static _ => { });
        _overTcp = overTcp;
    }

    public MemoryNetwork Network { get; } = new();

    public Probe Probe { get; } = new();

    /// <summary>Leases that end soon, for tests that wait for that.</summary>
    public static Action<ClusterOptions> ShortLeases { get; } = static options =>
    {
        options.Lease = TimeSpan.FromSeconds(2);
        (options.ReadPeriod, options.ProbePeriod) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(200));
        options.ConnectTimeout = TimeSpan.FromMilliseconds(300);
    };

    public async Task<Member> StartSiloAsync(
        Action<ISiloBuilder>? silo = null, Action<ClusterOptions>? options = null, string? endpoint = null)
    {
        var member = MakeSilo(silo, options, endpoint);
        await member.StartAsync();
        return member;
    }

    public async Task<Member> StartClientAsync()
    {
        var member = Make("", configure: null, _options);
        await member.StartAsync();
        return member;
    }

    /// <summary>A silo that has not been started.</summary>
    public Member MakeSilo(Action<ISiloBuilder>? silo = null, Action<ClusterOptions>? options = null, string? endpoint = null) =>
        Make(endpoint ?? (_overTcp ? FreeEndpoint() : $"silo-{_members.Count}:1"), silo, o =>
        {
            _options(o);
            options?.Invoke(o);
        });

    /// <summary>Waits until all that run see these silos and no others.</summary>
    public Task Settles(params Member[] silos) => TestSilo.Eventually(
        () => _members.Where(m => m.IsRunning).All(m => m.View.Silos.ToHashSet().SetEquals(silos.Select(s => s.Self))));

    /// <summary>
    /// As far as the others can tell, the silo's process is killed. What is left of it in this process reaches neither them nor
    /// the table.
    /// </summary>
    public void Kill(Member silo)
    {
        silo.IsRunning = false;
        silo.Table.IsCut = true;
        Network.Kill(silo.Endpoint);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Enumerable.Reverse(_members)) await member.DisposeAsync();
    }

    /// <summary>An endpoint on loopback that nobody listens at.</summary>
    public static string FreeEndpoint()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket.LocalEndPoint!.ToString()!;
    }

    private Member Make(string endpoint, Action<ISiloBuilder>? configure, Action<ClusterOptions> cluster)
    {
        var table = new GatedTable(_table);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(Probe);
        builder.Services.AddSingleton<IMembershipTable>(table);
        if (!_overTcp) builder.Services.AddSingleton(Network.At(endpoint.Length != 0 ? endpoint : $"client {_members.Count}"));
        if (endpoint.Length == 0) builder.UseMallRuntimeClient(Configure);
        else builder.UseMallRuntime(Configure);
        var member = new Member(builder.Build(), endpoint, table);
        _members.Add(member);
        return member;

        void Configure(ISiloBuilder silo)
        {
            silo.UseCluster(options =>
            {
                options.Endpoint = endpoint;
                options.Secret = "a secret of the tests";
                cluster(options);
            });
            configure?.Invoke(silo);
        }
    }

    /// <summary>A process of the cluster, as far as that is possible in one process.</summary>
    public sealed class Member(IHost host, string endpoint, GatedTable table) : IAsyncDisposable
    {
        public string Endpoint => endpoint;

        public GatedTable Table => table;

        public bool IsRunning { get; set; }

        public IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

        public IMembership Membership => host.Services.GetRequiredService<IMembership>();

        public SiloAddress Self => Membership.Self;

        public MembershipView View => Membership.Current;

        public SiloStatistics Statistics => host.Services.GetRequiredService<IRuntimeStatistics>().Take();

        public IPlacedGrain Placed(long key) => Grains.GetGrain<IPlacedGrain>(key);

        /// <summary>The key of a grain that a silo owns in this one's view.</summary>
        public long KeyOf(Member owner, int skip = 0)
        {
            var placement = host.Services.GetRequiredService<IPlacement>();
            var type = GrainType.Create("placed");
            return Enumerable.Range(1, 100_000)
                .Where(k => owner.Self.Equals(placement.OwnerOf(GrainId.Create(type, k), View)))
                .ElementAt(skip);
        }

        public async Task StartAsync()
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            IsRunning = true;
        }

        public Task StopAsync()
        {
            IsRunning = false;
            return host.StopAsync(CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            host.Dispose();
        }
    }
}
