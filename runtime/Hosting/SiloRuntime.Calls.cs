namespace Mall.Runtime;

/// <content>The way of a call: from its reference to an activation here, or to the silo that owns the grain.</content>
public sealed partial class SiloRuntime
{
    /// <summary>Sends a request that has just been made.</summary>
    internal void Send(GrainRequest request)
    {
        if (_phase != Phase.Serving && !MaySendNow(request)) return;
        request.Deadline = Clock.Now + _responseTimeoutMs;
        if (RequestContext.Current is { } context) request.EnsureExtras().Context = context;
        if (CallTracing.TraceParent is { } trace) request.EnsureExtras().TraceParent = trace;
        if (Options.SerializeLocalCalls) Remote.Send(request, Self, View.Version);
        else Dispatch(request);
    }

    /// <summary>Takes a request to its activation. Also for one whose activation has ended before it started.</summary>
    internal void Dispatch(GrainRequest request)
    {
        var target = request.Target;
        var activation = target.LastActivation;
        if (activation is null || activation.HasEnded || activation.Class.IsStatelessWorker)
        {
            activation = Route(request);
            if (activation is null) return;
            target.LastActivation = activation;
        }

        if (!activation.TryReceive(request))
            request.Refuse(new LimitExceededException(
                $"{target.GrainId} has {activation.QueueLength} requests waiting, {MailboxLimit} are allowed."));
    }

    /// <summary>Whether this silo owns the grain, in its own view.</summary>
    internal bool OwnsHere(in GrainId grainId) => Self.Equals(_placement.OwnerOf(grainId, View));

    /// <summary>
    /// Whether what runs here may be believed outside, see <see cref="IMembership.MayServe"/>. Free for a silo that is alone,
    /// some twenty nanoseconds in a cluster.
    /// </summary>
    internal bool MayServe => _isAlone || _membership.MayServe;

    /// <summary>Finds a place for a request that has not run, and cannot run here at the moment. From any thread.</summary>
    internal void SendAgain(GrainRequest request, string reason) =>
        Remote.SendAgain(request, View.Version, View.Version + 1, reason);

    /// <summary>Whether this silo begins anything new for others.</summary>
    internal bool IsServing => _phase == Phase.Serving;

    /// <summary>Whether a request from another silo has come to the right one.</summary>
    internal bool MayRunHere(GrainRequest request) =>
        OwnsHere(request.Target.GrainIdRef)
            || (_classes.TryGetValue(request.Target.GrainIdRef.Type, out var c) && c.IsStatelessWorker);

    /// <summary>
    /// The activation here that should take the request; null when the request has been answered or sent to another silo.
    /// </summary>
    private Activation? Route(GrainRequest request)
    {
        ref readonly var grainId = ref request.Target.GrainIdRef;
        if (_phase == Phase.Stopped)
        {
            request.Refuse(new SiloUnavailableException($"Silo {Self} has stopped."));
            return null;
        }

        var view = View; // Looked at once: it may change at any moment.
        var owner = _placement.OwnerOf(grainId, view);
        var isKnown = _classes.TryGetValue(grainId.Type, out var grainClass);
        if (Self.Equals(owner) || (isKnown && grainClass!.IsStatelessWorker && view.Silos.Contains(Self)))
        {
            if (isKnown) return Catalog.GetOrAdd(grainClass!, grainId);
            request.Refuse(new ArgumentException($"Silo {Self} knows no grain class for {grainId}."));
        }
        else if (owner is not null)
        {
            Remote.Send(request, owner, view.Version);
        }
        else
        {
            SendAgain(request, "No silo is alive, as far as this process knows.");
        }

        return null;
    }

    /// <summary>While the silo starts and stops, some callers must be refused.</summary>
    private bool MaySendNow(GrainRequest request)
    {
        // Grains may go on calling each other while their requests end; nobody outside may start something new.
        if (_phase == Phase.Draining && request.Caller is Activation or NobodyWaits { IsFromGrain: true }) return true;
        if (_phase == Phase.Starting) request.Refuse(new SiloUnavailableException($"Silo {Self} has not started."));
        else request.Refuse(new SiloUnavailableException($"Silo {Self} is stopping."));
        return false;
    }
}
