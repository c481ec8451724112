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

    internal void Start()
    {
        Remote.Start();
        _membership.Changed += OnViewChanged;
        Sweeper.Start();
        _phase = Phase.Serving;
        Log.Started(Self, _classes.Count);
    }

    /// <summary>
    /// Takes no more calls from outside, lets those end that run, then ends all activations. Bounded by
    /// <see cref="SiloOptions.DrainTimeout"/>, of which the calls get half; what has not ended by then is abandoned, and its
    /// callers hear that.
    /// </summary>
    internal async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (_phase != Phase.Serving) return;
        _phase = Phase.Draining;
        Log.Draining(Self);
        var start = Time.GetTimestamp();
        await WaitAsync(() => Catalog.All.All(a => a.IsIdle), start, Options.DrainTimeout / 2, cancellationToken);
        await WaitAsync(EndActivations, start, Options.DrainTimeout, cancellationToken);
        Stop();
    }

    /// <summary>Asks those that are still active to end; true when none is left.</summary>
    private bool EndActivations()
    {
        foreach (var activation in Catalog.All)
        {
            if (activation.IsActive)
                activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops."));
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

    private void OnViewChanged(MembershipView view) => Sweeper.CheckOwnership();
}
