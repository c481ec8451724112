using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mall.Runtime;

/// <summary>
/// Probes the other silos once a period, and at once when a connection to one is lost. A silo whose machine says twice in a row
/// that its process is gone is declared dead on that evidence. That one is silent, which may be alive behind a cut, is noted in
/// the table: it has to give itself up when <see cref="Verdict"/> says so, and one that does not even read that is ended by its
/// lease. Every silo probes every other: a sign of life each second and pair is little among the silos of one mall.
/// </summary>
public sealed class FailureDetector : IDisposable
{
    /// <summary>Between two probes that must both find nobody: time enough for a machine that is confused for a moment.</summary>
    private static readonly TimeSpan SecondLook = TimeSpan.FromMilliseconds(100);

    private readonly IMembershipTable _table;
    private readonly ClusterMembership? _membership;
    private readonly IMembership _view;
    private readonly IProber _prober;
    private readonly IWorkScheduler _scheduler;
    private readonly TimeProvider _time;
    private readonly ClusterOptions _options;
    private readonly MembershipLog _log;
    private readonly Lock _lock = new();
    private readonly HashSet<SiloAddress> _underProbe = [];
    private readonly HashSet<SiloAddress> _suspects = [];
    private readonly HashSet<(SiloAddress Silo, SiloAddress By)> _noted = []; // In the table, under that life's name.
    private readonly HashSet<(SiloAddress Silo, SiloAddress By)> _unsure = []; // The table did not answer when it was told.
    private ITimer? _timer;
    private volatile bool _isStopped;

    /// <summary>Made by the host. A client only checks whether it fits into the cluster.</summary>
    public FailureDetector(
        IMembershipTable table, IMembership membership, IProber prober, IWorkScheduler scheduler, TimeProvider time,
        IOptions<ClusterOptions> options, ILogger<FailureDetector> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _table = table;
        _view = membership;
        _membership = membership as ClusterMembership;
        _prober = prober;
        _scheduler = scheduler;
        _time = time;
        _options = options.Value;
        _log = new MembershipLog(logger);
    }

    /// <summary>
    /// Asks the silos that are there whether they would talk to this process at all, before it becomes one of them.
    /// </summary>
    /// <exception cref="ClusterStartException">One of them never will.</exception>
    public async Task CheckFitAsync(CancellationToken cancellationToken)
    {
        var table = await _time.Within(_options.Lease, _table.ReadAsync, cancellationToken);
        var others = table.Silos.Where(s => s.Status == SiloStatus.Active && s.Address.Endpoint != _options.Endpoint);
        var answers = await Task.WhenAll(others.Select(s => _prober.ProbeAsync(s.Address)));
        if (answers.FirstOrDefault(a => a.Finding == ProbeFinding.Misfit) is { } misfit)
            throw new ClusterStartException(misfit.Refusal, $"the cluster refuses this process: {misfit.Reason}");
    }

    /// <summary>Begins to probe.</summary>
    public void Start()
    {
        if (_membership is not null) _membership.MayJoinAgain = ReachesAllAsync;
        _prober.PeerLost += ProbeSoon;
        _view.Changed += ProbeNewcomers;
        ProbeAll(); // Connections are there before they are needed, and bring the others the news of this process.
        _timer = _time.CreateTimer(
            static state => ((FailureDetector)state!).ProbeAll(), this, _options.ProbePeriod, _options.ProbePeriod);
    }

    /// <summary>Probes nobody any more.</summary>
    public void Stop()
    {
        _isStopped = true;
        _prober.PeerLost -= ProbeSoon;
        _view.Changed -= ProbeNewcomers;
        _timer?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    private void ProbeAll()
    {
        foreach (var silo in _view.Current.Silos)
        {
            if (!silo.Equals(_view.Self)) ProbeSoon(silo);
        }
    }

    private void ProbeNewcomers(MembershipView view) => ProbeAll();

    private void ProbeSoon(SiloAddress silo)
    {
        // A silo that may not serve has no connections: a probe would make one only to lose it, and be asked for another.
        if (_isStopped || !_view.MayServe || !_view.Current.Silos.Contains(silo)) return;
        lock (_lock)
        {
            if (!_underProbe.Add(silo)) return;
        }

        _scheduler.Schedule(new Look(this, silo), near: false);
    }

    private async Task LookAsync(SiloAddress silo)
    {
        try
        {
            await LookTwiceAsync(silo);
        }
        finally
        {
            lock (_lock) _underProbe.Remove(silo);
        }
    }

    private async Task LookTwiceAsync(SiloAddress silo)
    {
        var answer = await _prober.ProbeAsync(silo);
        if (answer.Finding == ProbeFinding.Gone)
        {
            await Task.Delay(SecondLook, _time);
            answer = await _prober.ProbeAsync(silo);
        }

        switch (answer.Finding)
        {
            case ProbeFinding.Gone:
                await HandleGoneAsync(silo, answer.Reason);
                break;
            case ProbeFinding.Alive:
                if (MarkSuspect(silo, false)) _log.Unsuspected(silo);
                await NoteAsync(silo, isSilent: false);
                break;
            case ProbeFinding.Silent:
                if (MarkSuspect(silo, true)) _log.Suspected(silo, answer.Reason);
                await NoteAsync(silo, isSilent: true);
                break;
            case ProbeFinding.Misfit:
                if (MarkSuspect(silo, true)) _log.Misfit(silo, answer.Reason);
                break;
        }
    }

    /// <summary>A client may not declare anybody dead, but it may look whether somebody has.</summary>
    private async Task HandleGoneAsync(SiloAddress silo, string reason)
    {
        MarkSuspect(silo, false);
        if (_isStopped) return;
        if (_membership is null) await _view.RefreshAsync(_view.Current.Version + 1, CancellationToken.None);
        else if (_membership.MayServe) await _membership.DeclareDeadAsync(silo, isGone: true, reason);
    }

    /// <summary>
    /// Has the table say whether this silo hears the other. Tried again with the next probe when the table does not answer. A
    /// silo that may not serve blames nobody: it may be itself that is cut off.
    /// </summary>
    private async Task NoteAsync(SiloAddress silo, bool isSilent)
    {
        if (_membership is null || !_membership.MayServe) return;
        var note = (silo, _view.Self);
        lock (_lock)
        {
            if (_noted.Contains(note) == isSilent && !_unsure.Contains(note)) return;
        }

        try
        {
            await _time.Within(
                _options.Lease / 4,
                token => isSilent ? _table.SuspectAsync(silo, note.Self, token) : _table.TrustAsync(silo, note.Self, token),
                CancellationToken.None);
            lock (_lock)
            {
                _unsure.Remove(note);
                _ = isSilent ? _noted.Add(note) : _noted.Remove(note);
            }
        }
        catch (Exception exception) // An edge: whether the table says so is unknown, the next probe tells it again.
        {
            lock (_lock) _unsure.Add(note);
            if (!_isStopped) _log.TableSilent(exception.Message);
        }
    }

    /// <summary>
    /// Whether a silo that had to give itself up would be heard by all who are there, or would soon have to do so again.
    /// </summary>
    private async Task<bool> ReachesAllAsync(CancellationToken cancellationToken)
    {
        var table = await _time.Within(_options.Lease, _table.ReadAsync, cancellationToken);
        var others = table.Silos.Where(
            s => s.Status == SiloStatus.Active && s.LeaseLeft > TimeSpan.Zero && s.Address.Endpoint != _options.Endpoint);
        var answers = await Task.WhenAll(others.Select(s => _prober.ReachAsync(s.Address)));
        return answers.All(a => a.Finding != ProbeFinding.Silent);
    }

    private bool MarkSuspect(SiloAddress silo, bool isSuspect)
    {
        lock (_lock) return isSuspect ? _suspects.Add(silo) : _suspects.Remove(silo);
    }

    private sealed class Look(FailureDetector detector, SiloAddress silo) : IThreadPoolWorkItem
    {
        public void Execute() => _ = detector.LookAsync(silo);
    }
}
