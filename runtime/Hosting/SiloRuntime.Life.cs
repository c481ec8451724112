using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime;

/// <content>Start, drain, stop.</content>
public sealed partial class SiloRuntime
{
    /// <summary>How often a drain looks whether it is done.</summary>
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(10);

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
    /// Leaves the cluster, so that others take over; takes no more calls from outside, lets those end that run, then ends all
    /// activations. Bounded by <see cref="SiloOptions.DrainTimeout"/>, of which the calls get half; what has not ended by then is
    /// abandoned, and its callers hear that.
    /// </summary>
    internal async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (_phase != Phase.Serving) return;
        _phase = Phase.Draining;
        Log.Draining(Self);
        var start = Time.GetTimestamp();
        await _membership.LeaveAsync(CancellationToken.None);
        await WaitAsync(() => Catalog.All.All(a => a.IsIdle), start, Options.DrainTimeout / 2, cancellationToken);
        await WaitAsync(() => EndActivations(DeactivationReasonCode.ShuttingDown, "The silo stops."), start, Options.DrainTimeout, cancellationToken);
        Stop();
        await _transport.StopAsync();
        await _membership.StopAsync();
    }

    /// <summary>
    /// Ends everything that belongs to a life of this silo which the others have declared ended. What was told to end is in its
    /// mailbox before any request that comes later, so nothing old answers in the new life, even when it takes longer than is
    /// waited here.
    /// </summary>
    private async Task EvictAsync()
    {
        _transport.CutOff(new SiloUnavailableException($"{Self} was declared dead."));
        await WaitAsync(
            () => EndActivations(DeactivationReasonCode.RuntimeRequested, "The silo was declared dead."),
            Time.GetTimestamp(), Options.DeactivationTimeout, CancellationToken.None);
    }

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
