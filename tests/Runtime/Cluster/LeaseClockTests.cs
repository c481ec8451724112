using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>
/// A silo measures its lease by timestamps alone: a wall clock that jumps takes nothing from it and gives it nothing, and a
/// process that was stopped, or slept with its machine, serves nobody before it has its lease again.
/// </summary>
public sealed class LeaseClockTests : IAsyncLifetime
{
    private static readonly TimeSpan s_lease = new ClusterOptions().Lease;

    private readonly TwoClocks _time = new();
    private readonly GatedTable _table;
    private readonly ClusterMembership _silo;

    public LeaseClockTests()
    {
        _table = new GatedTable(new InMemoryMembershipTable(_time.Database));
        _silo = new ClusterMembership(
            _table, Options.Create(new ClusterOptions { Endpoint = "a:1" }), Options.Create(new SiloOptions()), _time,
            new AtOnce(), NullLogger<ClusterMembership>.Instance);
    }

    public async ValueTask InitializeAsync() => await _silo.JoinAsync(() => Task.CompletedTask, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _silo.StopAsync();
        _silo.Dispose();
    }

    [Theory]
    [InlineData(24)]
    [InlineData(-24)]
    public void WallClock_ThatJumps_ChangesNothing(int hours)
    {
        _time.Wall += TimeSpan.FromHours(hours);
        Assert.True(_silo.MayServe);

        _time.Run(s_lease * 3);
        Assert.True(_silo.MayServe);
    }

    [Theory]
    [InlineData(24)]
    [InlineData(0)]
    [InlineData(-24)]
    public void Lease_ThatIsNotRenewed_EndsWhateverTheWallClockSays(int hours)
    {
        _table.IsCut = true;
        _time.Wall += TimeSpan.FromHours(hours);
        _time.Run(s_lease * 0.9);
        Assert.True(_silo.MayServe);

        _time.Run(s_lease * 0.1);
        Assert.False(_silo.MayServe);
    }

    /// <summary>No timer has fired, no code has run: the first look at the clock must tell.</summary>
    [Fact]
    public void Silo_ThatWasStoppedForLongerThanItsLease_ServesNobodyBeforeItHasRenewed()
    {
        _time.Run(s_lease);
        Assert.True(_silo.MayServe);

        _time.Stop(s_lease);
        Assert.False(_silo.MayServe);

        _time.Run(s_lease); // Nobody has taken over: it goes on where it was.
        Assert.True(_silo.MayServe);
        Assert.Equal(1, _silo.Self.Generation);
    }

    [Fact]
    public async Task Silo_ThatWasStoppedAndDeclaredDead_ComesBackAsSomebodyElse()
    {
        var old = _silo.Self;
        _time.Stop(s_lease);
        Assert.True(await _table.DeclareDeadAsync(old, isGone: false, new SiloAddress("b:1", 7), CancellationToken.None));
        Assert.False(_silo.MayServe);

        _time.Run(s_lease);
        Assert.True(_silo.MayServe);
        Assert.True(_silo.Self.Generation > old.Generation);
    }

    /// <summary>Code goes on where it stands.</summary>
    private sealed class AtOnce : IWorkScheduler
    {
        public void Schedule(IThreadPoolWorkItem work, bool near) => work.Execute();
    }

    /// <summary>A machine's two clocks: the one on the wall, and the one that measures. Its timers are by the second.</summary>
    private sealed class TwoClocks : TimeProvider
    {
        private readonly FakeTime _timers = new();
        private TimeSpan _stopped;

        public TwoClocks() => Database = new FakeTime();

        public FakeTime Database { get; }

        public TimeSpan Wall { get; set; }

        public override long TimestampFrequency => _timers.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => _timers.GetUtcNow() + Wall;

        public override long GetTimestamp() => _timers.GetTimestamp() + _stopped.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _timers.CreateTimer(callback, state, dueTime, period);

        public void Run(TimeSpan span)
        {
            for (var step = TimeSpan.FromMilliseconds(100); span > TimeSpan.Zero; span -= step)
            {
                Database.Advance(step);
                _timers.Advance(step);
            }
        }

        /// <summary>Nothing happens here for a while; the database goes on.</summary>
        public void Stop(TimeSpan span)
        {
            _stopped += span;
            Database.Advance(span);
        }
    }
}
