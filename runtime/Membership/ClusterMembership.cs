using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mall.Runtime;

/// <summary>
/// A silo's place in a cluster that is kept in a table. It joins, renews its lease every third of its length, tells its view, and
/// leaves.
/// <para>
/// <b>When it may serve.</b> A renewal is counted from the moment before it was sent, by a clock of this machine that only
/// measures spans; the table counts it from when it arrives, which is later. So this silo's lease ends before the table's,
/// whatever either clock calls the time, and a silo that cannot renew has stopped serving (<see cref="MayServe"/>) before any
/// other may take over. A process that was stopped finds out at its next look, which is before each call, each answer to outside,
/// and each write to a peer.
/// </para>
/// <para>
/// <b>What happens then.</b> As long as nobody has declared the silo dead, nobody has taken over, and the next renewal that gets
/// through puts it back into service with all its grains: a database that restarts empties no silo. If it was declared dead, it
/// drops every activation and joins under a new generation. So does one that the others cannot reach (<see cref="Verdict"/>), as
/// soon as it reaches them again. Nothing durable relies on any of this: the ledger fences each write.
/// </para>
/// </summary>
public sealed class ClusterMembership : IMembership, IDisposable
{
    /// <summary>
    /// Of the lease: what the clocks of two machines may differ in speed, and a look at the clock may come late.
    /// </summary>
    private const double Margin = 0.05;

    private readonly IMembershipTable _table;
    private readonly ClusterOptions _options;
    private readonly SiloOptions _silo;
    private readonly TimeProvider _time;
    private readonly IWorkScheduler _scheduler;
    private readonly ViewWatcher _watcher;
    private readonly MembershipLog _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Nap _pause;
    private readonly Lock _dying = new();
    private volatile SiloAddress _self;
    private Func<Task> _evict = static () => Task.CompletedTask;
    private Task _heartbeat = Task.CompletedTask;

    /// <summary>
    /// Timestamp until which this silo may serve. Before it joins it has no grains that anybody calls, and no lease to lose.
    /// </summary>
    private long _mayServeUntil = long.MaxValue;

    private volatile bool _isDead;
    private volatile bool _isCondemned;
    private volatile bool _isLeaving;
    private bool _isFenced;

    /// <summary>Made by the host.</summary>
    public ClusterMembership(
        IMembershipTable table, IOptions<ClusterOptions> options, IOptions<SiloOptions> silo, TimeProvider time,
        IWorkScheduler scheduler, ILogger<ClusterMembership> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(silo);
        _table = table;
        _options = options.Value;
        _silo = silo.Value;
        _time = time;
        _scheduler = scheduler;
        _log = new MembershipLog(logger);
        _pause = new Nap(time);
        _watcher = new ViewWatcher(table, _options, time, scheduler, _log);
        _watcher.WasRead += LookForOneself;
        _watcher.WasRead += ObeyVerdict;
        _watcher.WasRead += DeclareExpiredDead;
        _self = new SiloAddress(_options.Endpoint, 0); // Generations begin at 1: this is nobody yet.
    }

    /// <inheritdoc/>
    public event Action<MembershipView> Changed
    {
        add => _watcher.Changed += value;
        remove => _watcher.Changed -= value;
    }

    /// <inheritdoc/>
    public SiloAddress Self => _self;

    /// <inheritdoc/>
    public MembershipView Current => _watcher.Current;

    /// <inheritdoc/>
    public bool MayServe => _time.GetTimestamp() < Volatile.Read(ref _mayServeUntil) && !_isDead;

    /// <inheritdoc/>
    public Task RefreshAsync(long version, CancellationToken cancellationToken) =>
        _watcher.RefreshAsync(version, cancellationToken);

    /// <inheritdoc/>
    public void Hint(long version) => _watcher.Hint(version);

    /// <inheritdoc/>
    public async Task JoinAsync(Func<Task> evict, CancellationToken cancellationToken)
    {
        _evict = evict;
        await JoinTableAsync(cancellationToken);
        _watcher.Start();
        _heartbeat = KeepLeaseAsync();
    }

    /// <inheritdoc/>
    public async Task LeaveAsync(CancellationToken cancellationToken)
    {
        _isLeaving = true; // The lease goes on: what runs here still is to be answered.
        try
        {
            await _time.Within(_options.Lease, token => _table.LeaveAsync(_self, token), cancellationToken);
            _log.Left(_self);
        }
        catch (Exception exception) when (exception is not OperationCanceledException) // An edge: the silo stops all the same.
        {
            _log.LeaveFailed(_self, exception.Message);
        }

        await _watcher.RefreshAsync(long.MaxValue, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        _stopping.Cancel(); // Not CancelAsync, which goes through the thread pool, out of a simulation.
        _pause.End();
        await _heartbeat;
        await _watcher.StopAsync();
        try
        {
            if (_isLeaving) await _time.Within(AttemptTimeout, token => _table.EndAsync(_self, token), CancellationToken.None);
        }
        catch (Exception exception) // An edge: the silo stops all the same, and the others will find out by its lease.
        {
            _log.LeaveFailed(_self, exception.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopping.Dispose();
        _watcher.Dispose();
    }

    /// <summary>Makes another silo dead. False when it was not this call that did, or the table did not answer.</summary>
    internal async Task<bool> DeclareDeadAsync(SiloAddress silo, bool isGone, string reason)
    {
        try
        {
            var isDeclared = await _time.Within(
                AttemptTimeout, token => _table.DeclareDeadAsync(silo, isGone, _self, token), _stopping.Token);
            if (!isDeclared) return false;
            _log.DeclaresDead(silo, reason);
            await _watcher.RefreshAsync(_watcher.Current.Version + 1, _stopping.Token);
            return true;
        }
        catch (Exception exception) // A loop's edge: the next probe or read tries again.
        {
            if (!_stopping.IsCancellationRequested) _log.TableSilent(exception.Message);
            return false;
        }
    }

    /// <summary>Whether a silo that had to give itself up may try once more. May fail: then it may not yet.</summary>
    internal Func<CancellationToken, Task<bool>> MayJoinAgain { get; set; } = static _ => Task.FromResult(true);

    /// <summary>
    /// What the verdict waits for, see <see cref="Verdict.Of"/>: longer than a probe period, far less than a lease.
    /// </summary>
    private TimeSpan Settling => _options.Lease / 4;

    /// <summary>Short, so that there are several attempts in what is left of a lease after the first has failed.</summary>
    private TimeSpan AttemptTimeout => _options.Lease / 4;

    private async Task JoinTableAsync(CancellationToken cancellationToken)
    {
        var sent = _time.GetTimestamp();
        var joined = await _time.Within(
            _options.Lease, token => _table.JoinAsync(_options.Endpoint, _silo.SiloName, _options.Lease, token),
            cancellationToken);
        lock (_dying)
        {
            _self = joined.Address;
            _isDead = false;
        }

        ServeFrom(sent);
        _log.Joined(joined.Address);
        _watcher.Apply(joined.Snapshot);
    }

    private async Task KeepLeaseAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            var renewed = _isDead || await TryRenewAsync();
            if (_isDead && _isLeaving) return;
            if (_isDead) await JoinAgainAsync();
            await _pause.TakeAsync(renewed ? _options.Lease / 3 : _options.Lease / 12);
        }
    }

    private async Task<bool> TryRenewAsync()
    {
        var sent = _time.GetTimestamp();
        try
        {
            var answer = await _time.Within(
                AttemptTimeout, token => _table.RenewAsync(_self, _options.Lease, token), _stopping.Token);
            if (answer.IsAlive) ServeFrom(sent);
            else Die(_self);
            _watcher.Hint(answer.Version);
            return true;
        }
        catch (Exception exception) // A loop's edge: it is tried again, and the lease runs meanwhile.
        {
            if (_stopping.IsCancellationRequested) return false;
            _log.NotRenewed(_self, exception.Message);
            NoticeFence();
            return false;
        }
    }

    /// <summary>The lease runs from a moment before the table has heard of it.</summary>
    private void ServeFrom(long sent)
    {
        var lease = (long)(_options.Lease.TotalSeconds * (1 - Margin) * _time.TimestampFrequency);
        Volatile.Write(ref _mayServeUntil, sent + lease);
        if (!_isFenced || !MayServe) return;
        _isFenced = false;
        _log.Unfenced(_self);
    }

    private void NoticeFence()
    {
        if (_isFenced || MayServe) return;
        _isFenced = true;
        _log.Fenced(_self);
    }

    /// <summary>Serves nobody from here on, if it is this life of the silo that has ended and not one before.</summary>
    private void Die(SiloAddress life)
    {
        lock (_dying)
        {
            if (_isDead || !life.Equals(_self)) return;
            _isDead = true;
        }

        _scheduler.Schedule(new Wake(_pause), near: false); // Others may wait for this life to end.
    }

    /// <summary>Drops all grains, which are others' by now or soon, and joins as somebody new.</summary>
    private async Task JoinAgainAsync()
    {
        if (_isCondemned) _log.SteppedDown(_self);
        else _log.DeclaredDead(_self);
        _isFenced = false; // It is more than that by now.
        while (!_stopping.IsCancellationRequested && !_isLeaving)
        {
            try
            {
                // Nothing of it serves any more, so the others may take over. What runs here still may need a while to end.
                if (_isCondemned)
                    await _time.Within(AttemptTimeout, token => _table.StepDownAsync(_self, token), _stopping.Token);
                await _evict();
                if (!_isCondemned || await MayJoinAgain(_stopping.Token))
                {
                    await JoinTableAsync(_stopping.Token);
                    _isCondemned = false;
                    return;
                }
            }
            catch (Exception exception) // A loop's edge: the table may answer later.
            {
                if (!_stopping.IsCancellationRequested) _log.NotJoined(_self, exception.Message);
            }

            await _pause.TakeAsync(_options.Lease / 6);
        }
    }

    /// <summary>What is read may show, before the next renewal does, that the others take this silo for dead.</summary>
    private void LookForOneself(MembershipSnapshot snapshot)
    {
        if (_stopping.IsCancellationRequested) return;
        var self = _self;
        foreach (var silo in snapshot.Silos)
        {
            if (silo.Address.Equals(self) && silo.Status == SiloStatus.Dead) Die(self);
        }
    }

    private void ObeyVerdict(MembershipSnapshot snapshot)
    {
        var self = _self;
        if (_stopping.IsCancellationRequested || _isDead || !Verdict.Of(snapshot, Settling).Contains(self)) return;
        _isCondemned = true;
        Die(self);
    }

    /// <summary>Every silo looks for leases that have run out; the table lets one of them succeed.</summary>
    private void DeclareExpiredDead(MembershipSnapshot snapshot)
    {
        if (_stopping.IsCancellationRequested || !MayServe) return;
        foreach (var silo in snapshot.Silos)
        {
            if (silo.Status == SiloStatus.Dead || silo.LeaseLeft > TimeSpan.Zero || silo.Address.Equals(_self)) continue;
            _ = DeclareDeadAsync(silo.Address, isGone: false, "its lease has run out");
        }
    }

    /// <summary>The loop goes on inside the waking, which must not be inside whoever has found the silo dead.</summary>
    private sealed class Wake(Nap pause) : IThreadPoolWorkItem
    {
        public void Execute() => pause.Cut();
    }
}
