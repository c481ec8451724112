using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mall.Silo.Cluster;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;

namespace Mall.Tests.Cluster;

/// <summary>Who has died is found by its connections, whatever of them ends first.</summary>
public sealed class DeathWatchTests : IDisposable
{
    private readonly Clock _clock = new();
    private readonly TcpListener _peer = new(IPAddress.Loopback, 0);
    private readonly Members _members;
    private readonly ServiceProvider _services;
    private readonly DeathWatch _watch;

    public DeathWatchTests()
    {
        _peer.Start();
        _members = new Members(SiloAddress.New((IPEndPoint)_peer.LocalEndpoint, 1));
        _services = new ServiceCollection()
            .AddSingleton<IClusterMembershipService>(_members).AddSingleton<ILocalSiloDetails>(new Own()).BuildServiceProvider();
        _watch = new DeathWatch(_services, _clock, NullLogger<DeathWatch>.Instance);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _services.Dispose();
        _peer.Dispose();
    }

    [Fact(Timeout = 60_000)]
    public async Task Silo_WhoseConnectionsEndBeforeItCeasesToListen_IsFoundDead()
    {
        await _watch.FollowInbound(_ =>
        {
            _clock.Passed = TimeSpan.FromMinutes(1);
            return Task.CompletedTask;
        })(new DefaultConnectionContext());
        using (await _peer.AcceptSocketAsync(TestContext.Current.CancellationToken)) _peer.Stop();
        await _members.Killed.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task Silo_ThatDiesAsSoonAsItIsConnectedWith_IsFoundDead()
    {
        _peer.Stop();
        await _watch.FollowOutbound(_ => Task.CompletedTask)(new DefaultConnectionContext());
        await _members.Killed.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task Silo_ThatLosesAConnectionAndLives_IsLeftAlone()
    {
        await _watch.FollowOutbound(_ => Task.CompletedTask)(new DefaultConnectionContext());
        for (var tries = 0; tries < 4; tries++)
            (await _peer.AcceptSocketAsync(TestContext.Current.CancellationToken)).Dispose();
        Assert.False(_members.Killed.Task.IsCompleted);
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Passed.TotalSeconds * TimestampFrequency);
    }

    private sealed class Members(SiloAddress peer) : IClusterMembershipService
    {
        public TaskCompletionSource Killed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ClusterMembershipSnapshot CurrentSnapshot { get; } = new(
            ImmutableDictionary<SiloAddress, ClusterMember>.Empty.Add(peer, new ClusterMember(peer, SiloStatus.Active, "peer")),
            new MembershipVersion(1));

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<bool> TryKill(SiloAddress siloAddress)
        {
            Assert.Equal(peer, siloAddress);
            Killed.TrySetResult();
            return Task.FromResult(true);
        }
    }

    private sealed class Own : ILocalSiloDetails
    {
        public string Name => "own";

        public string ClusterId => "mall";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress { get; } = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1);

        public SiloAddress GatewayAddress => SiloAddress;
    }
}
