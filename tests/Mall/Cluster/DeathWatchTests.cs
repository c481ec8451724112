using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Mall.Silo.Cluster;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace Mall.Tests.Cluster;

/// <summary>Who has died is found by its connections, whatever of them ends first.</summary>
public sealed class DeathWatchTests : IDisposable
{
    private static readonly TimeSpan s_betweenTries = TimeSpan.FromMilliseconds(250);

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
        var stop = TestContext.Current.CancellationToken;
        await _watch.FollowInbound(_ =>
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            return Task.CompletedTask;
        })(new DefaultConnectionContext());
        await _clock.UntilWaitingAsync(stop);
        _peer.Stop();
        await UntilKilledAsync(stop);
    }

    [Fact(Timeout = 60_000)]
    public async Task Silo_ThatDiesAsSoonAsItIsConnectedWith_IsFoundDead()
    {
        _peer.Stop();
        await EndAConnectionAsync();
        await UntilKilledAsync(TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task Silo_ThatDiesWhileItIsTriedForAnothersDeath_IsFoundDead()
    {
        var stop = TestContext.Current.CancellationToken;
        await EndAConnectionAsync();
        await PassAsync(stop);
        await PassAsync(stop);
        await _clock.UntilWaitingAsync(stop);
        await EndAConnectionAsync(); // Its own: it still listens for a moment.
        _clock.Advance(s_betweenTries);
        await _clock.UntilWaitingAsync(stop);
        _peer.Stop();
        await UntilKilledAsync(stop);
    }

    [Fact(Timeout = 60_000)]
    public async Task Silo_ThatLosesConnectionsAndLives_IsLeftAlone()
    {
        var stop = TestContext.Current.CancellationToken;
        for (var connections = 0; connections < 3; connections++)
        {
            await EndAConnectionAsync();
            for (var tries = 1; tries < 4; tries++) await PassAsync(stop);
        }

        Assert.False(_members.Killed.Task.IsCompleted);
    }

    /// <summary>Or the tries of two silos would set off each other's for ever.</summary>
    [Fact]
    public async Task Silo_WhoseConnectionWasNoMoreThanATry_IsNotTried()
    {
        await _watch.FollowInbound(_ => Task.CompletedTask)(new DefaultConnectionContext());
        Assert.False(_peer.Pending());
    }

    private Task EndAConnectionAsync() => _watch.FollowOutbound(_ => Task.CompletedTask)(new DefaultConnectionContext());

    private async Task PassAsync(CancellationToken stop)
    {
        await _clock.UntilWaitingAsync(stop);
        _clock.Advance(s_betweenTries);
    }

    private async Task UntilKilledAsync(CancellationToken stop)
    {
        _clock.Advance(s_betweenTries);
        while (!_members.Killed.Task.IsCompleted)
        {
            await Task.WhenAny(_members.Killed.Task, _clock.UntilWaitingAsync(stop));
            stop.ThrowIfCancellationRequested();
            _clock.Advance(s_betweenTries);
        }

        Assert.Equal(_members.Peer, await _members.Killed.Task);
    }

    /// <summary>Time between tries passes when the test says so; a try itself has as long as it takes.</summary>
    private sealed class Clock : FakeTimeProvider
    {
        private readonly Channel<bool> _waits = Channel.CreateUnbounded<bool>();

        public Task<bool> UntilWaitingAsync(CancellationToken stop) => _waits.Reader.ReadAsync(stop).AsTask();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != s_betweenTries) return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _waits.Writer.TryWrite(true);
            return timer;
        }
    }

    private sealed class Members(SiloAddress peer) : IClusterMembershipService
    {
        public SiloAddress Peer => peer;

        public TaskCompletionSource<SiloAddress> Killed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ClusterMembershipSnapshot CurrentSnapshot { get; } = new(
            ImmutableDictionary<SiloAddress, ClusterMember>.Empty.Add(peer, new ClusterMember(peer, SiloStatus.Active, "peer")),
            new MembershipVersion(1));

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task<bool> TryKill(SiloAddress siloAddress)
        {
            Killed.TrySetResult(siloAddress);
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
