using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime;

/// <content>Start, drain, stop.</content>
public sealed partial class SiloRuntime
{
    /// <summary>How often a drain looks whether it is done.</summary>
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(10);

    /// <summary>What the end of a former life may take before the next begins beside it.</summary>
    private static readonly TimeSpan EvictionLimit = TimeSpan.FromSeconds(5);

    /// <summary>What others may take to hear that this silo leaves: a process that hangs must not keep it from that.</summary>
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(2);

    private volatile bool _isEvicting;

    private enum Phase : byte
    {
        /// <summary>Every call is refused.</summary>
        Starting,

        /// <summary>Calls are taken.</summary>
        Serving,

        /// <summary>Only grains may call.</summary>
        Draining,

        /// <summary>Every call is refused.</summary>
        Stopped,
    }

    /// <summary>
    /// Listens, joins the cluster, serves: in this order, since others may call as soon as this silo is in their view.
    /// </summary>
    internal async Task StartAsync(FailureDetector? detector, CancellationToken cancellationToken)
    {
        Filters = new CallFilters(
            Services.GetServices<IIncomingGrainCallFilter>(), Services.GetServices<IOutgoingGrainCallFilter>());
        _classes = MakeClasses();
        Remote.Start();
        _membership.Changed += OnViewChanged;
        Sweeper.Start();
        if (detector is not null) await detector.CheckFitAsync(cancellationToken);
        _phase = Phase.Serving;
        await _membership.JoinAsync(EvictAsync, cancellationToken);
        detector?.Start();
        Log.Started(Self, _classes.Count);
    }

    /// <summary>
    /// Leaves the cluster, so that others take over, and waits until they know; takes no more calls from outside, lets those end
    /// that run, then ends all activations. Bounded by <see cref="SiloOptions.DrainTimeout"/>, of which the calls get half; what
    /// has not ended by then is abandoned, and its callers hear that.
    /// </summary>
    internal async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (_phase != Phase.Serving) return;
        _phase = Phase.Draining;
        Log.Draining(Self);
        var start = Time.GetTimestamp();
        await _membership.LeaveAsync(CancellationToken.None);
        // Else a call that is on its way here, by the view before, would find the connection closed and nobody to refuse it.
        await _transport.UntilKnownAsync(View.Version, FarewellLimit);
        await WaitAsync(
            () => Catalog.All.All(a => a.IsIdle) && !Remote.PassesOn, start, Options.DrainTimeout / 2, cancellationToken);
        await WaitAsync(
            () => EndActivations(DeactivationReasonCode.ShuttingDown, "The silo stops."), start, Options.DrainTimeout,
            cancellationToken);
        // What waited for a grain that has gone was passed on to where it is now, and its answer comes this way.
        await WaitAsync(() => !Remote.PassesOn, start, Options.DrainTimeout, cancellationToken);
        Stop();
        await _transport.StopAsync();
        await _membership.StopAsync();
    }

    /// <summary>
    /// Ends everything that belongs to a life of this silo which the others have declared ended. What was told to end is in its
    /// mailbox before any request that comes later, so nothing old answers in the new life, even when it takes longer than is
    /// waited here. Meanwhile a call of a grain that cannot be sent fails at once: its turn is to end, not to wait for a place
    /// that this silo will only have in its next life.
    /// </summary>
    private async Task EvictAsync()
    {
        _isEvicting = true;
        _transport.CutOff(new SiloUnavailableException($"{Self} was declared dead."));
        await WaitAsync(
            () => EndActivations(DeactivationReasonCode.RuntimeRequested, "The silo was declared dead."),
            Time.GetTimestamp(), EvictionLimit, CancellationToken.None);
        _isEvicting = false;
    }

    /// <summary>Whether a request has been made by a life of this silo that is being ended.</summary>
    internal bool IsOfTheEvicted(GrainRequest request) =>
        _isEvicting && request.Caller is (Activation or NobodyWaits { IsFromGrain: true });

    /// <summary>Asks those that are still active to end; true when none is left.</summary>
    private bool EndActivations(DeactivationReasonCode code, string reason)
    {
        foreach (var activation in Catalog.All)
        {
            if (activation.IsYoungOrActive) activation.Deactivate(new DeactivationReason(code, reason));
        }

        return Catalog.IsEmpty;
    }

    private void Stop()
    {
        _phase = Phase.Stopped;
        _membership.Changed -= OnViewChanged;
        Sweeper.Dispose();
        var reason = new SiloUnavailableException($"Silo {Self} has stopped; whether the call had its effect is unknown.");
        Remote.AbandonCalls(reason);
        var left = 0;
        foreach (var activation in Catalog.All)
        {
            left++;
            activation.AbandonCalls(reason);
        }

        if (left == 0) Log.Drained(Self);
        else Log.DrainCutShort(Self, left);
    }

    private async Task WaitAsync(Func<bool> isDone, long start, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (!isDone() && Time.GetElapsedTime(start) < limit && !cancellationToken.IsCancellationRequested)
            await Task.Delay(DrainPoll, Time, CancellationToken.None);
    }

    private void OnViewChanged(MembershipView view)
    {
        Handover.Remember(view);
        Sweeper.CheckOwnership();
    }
}
