using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mall.Runtime;

/// <summary>
/// Probes the other silos once a period, and at once when a connection to one is lost. A silo whose machine says twice in a row
/// that its process is gone is declared dead on that evidence; one that is silent, which may be alive behind a cut, is left to
/// its lease. Every silo probes every other: a sign of life each second and pair is little among the silos of one mall.
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
        _prober.PeerLost += ProbeSoon;
        _view.Changed += ProbeNewcomers;
        ProbeAll(); // Connections are there before they are needed, and bring the others the news of this process.
        _timer = _time.CreateTimer(static state => ((FailureDetector)state!).ProbeAll(), this, _options.ProbePeriod, _options.ProbePeriod);
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
        if (_isStopped || !_view.Current.Silos.Contains(silo)) return;
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
                break;
            case ProbeFinding.Silent:
                if (MarkSuspect(silo, true)) await NoteAsync(silo, answer.Reason);
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

    /// <summary>Suspicion decides nothing; people who look at the table should see it.</summary>
    private async Task NoteAsync(SiloAddress silo, string reason)
    {
        _log.Suspected(silo, reason);
        if (_membership is null) return;
        try
        {
            await _time.Within(_options.Lease / 4, token => _table.SuspectAsync(silo, _view.Self, token), CancellationToken.None);
        }
        catch (Exception exception) // An edge: it is a note only.
        {
            _log.TableSilent(exception.Message);
        }
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
