namespace Mall.Runtime;

/// <content>The way up and the way down.</content>
internal sealed partial class Activation
{
    /// <summary>
    /// What a hook that ignores its cancelled token gets before the activation goes on without it, milliseconds.
    /// </summary>
    private const long GraceMs = 1_000;

    /// <inheritdoc/>
    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        if (ReferenceEquals(Current, this)) BeginDraining(deactivationReason);
        else Post(new DeactivationRequest(deactivationReason));
    }

    /// <summary>
    /// The first thing that happens on the first turn. A grain that has just moved here comes up when its former owner has let
    /// go.
    /// </summary>
    private void Activate()
    {
        _stage = Stage.Activating;
        Class.Timing.Begin();
        if (!Class.IsStatelessWorker && Runtime.Handover.AskPredecessors(_grainId) is { } released)
            released.GetAwaiter().UnsafeOnCompleted(ComeUp);
        else
            ComeUp();
    }

    /// <summary>Constructs the instance and calls its hook.</summary>
    private void ComeUp()
    {
        Task hook;
        try
        {
            Construct();
            if (!Class.HasActivationHook)
            {
                GoLive();
                return;
            }

            _transition ??= new Transition(); // The constructor may have asked for the end already.
            _transition.Deadline = Runtime.Clock.Now + Runtime.ActivationTimeoutMs;
            hook = Instance!.OnActivateAsync(_transition.Token);
        }
        catch (Exception exception) // A turn's edge: the callers get it.
        {
            FailActivation(exception);
            return;
        }

        if (hook.IsCompleted) ActivationHookEnded(hook);
        else hook.GetAwaiter().UnsafeOnCompleted(() => ActivationHookEnded(hook));
    }

    private void Construct()
    {
        var outer = _beingCreated;
        _beingCreated = this;
        try
        {
            Instance = Class.Create();
        }
        finally
        {
            _beingCreated = outer;
        }
    }

    private void ActivationHookEnded(Task hook)
    {
        if (_stage != Stage.Activating) return; // It took too long, and the activation has been given up.
        if (hook.IsCompletedSuccessfully) GoLive();
        else FailActivation(hook.Exception?.InnerException ?? new TaskCanceledException(hook));
    }

    /// <summary>Requests that have waited come before those that are ready, each under the turn rules.</summary>
    private void GoLive()
    {
        var reason = _transition?.Reason;
        _transition = null;
        _stage = Stage.Active;
        MakeWaitingReady();
        // Asked to end while it came up: behind the requests that wait, or one that always asks would serve none.
        if (reason is { } already) Post(new DeactivationRequest(already));
    }

    private void MakeWaitingReady()
    {
        _readyCount += _waiting.Count;
        _ready = _waiting.TakeAllBefore(_ready);
    }

    /// <summary>The requests that wait get the exception; the next one tries again with a new activation.</summary>
    private void FailActivation(Exception exception)
    {
        Runtime.Log.ActivationFailed(exception, _grainId);
        (_transition ??= new Transition()).Failure = exception; // Admit refuses with it.
        MakeWaitingReady();
        while (TakeNext() is { } item) RunTurn(item);
        EndLife(successor: null);
    }

    private void BeginDraining(DeactivationReason reason)
    {
        switch (_stage)
        {
            case Stage.Created:
            case Stage.Activating:
                (_transition ??= new Transition()).Reason ??= reason; // GoLive looks at it.
                break;
            case Stage.Active:
                _transition = new Transition { Reason = reason, Deadline = Runtime.Clock.Now + Runtime.DeactivationTimeoutMs };
                _stage = Stage.Draining;
                break;
        }
    }

    /// <summary>No request runs any more (or one has run for too long): the hook has the activation to itself.</summary>
    private void Close()
    {
        _stage = Stage.Closing;
        StopTimers();
        var transition = _transition!;
        if (!Class.HasDeactivationHook)
        {
            Finish();
            return;
        }

        transition.Deadline = Runtime.Clock.Now + Runtime.DeactivationTimeoutMs;
        transition.Warned = false;
        Task hook;
        try
        {
            hook = Instance!.OnDeactivateAsync(transition.Reason!.Value, transition.Token);
        }
        catch (Exception exception) // A turn's edge: the activation ends all the same.
        {
            hook = Task.FromException(exception);
        }

        if (hook.IsCompleted) DeactivationHookEnded(hook);
        else hook.GetAwaiter().UnsafeOnCompleted(() => DeactivationHookEnded(hook));
    }

    private void DeactivationHookEnded(Task hook)
    {
        if (hook.Exception?.InnerException is { } exception) Runtime.Log.DeactivationHookFailed(exception, _grainId);
        if (_stage == Stage.Closing) Finish();
    }

    /// <summary>
    /// Makes room for the next activation of this grain and gives it the requests that wait, so that none is lost and they keep
    /// their order. There is never more than one entry for a grain in the catalog, and this one is in it until here.
    /// </summary>
    private void Finish()
    {
        // Requests that the deactivation did not wait for any longer: no sweep will find them here, so their callers hear of it
        // now.
        if (_runningCount != 0)
            VisitJobs(_running, static (job, why) => job.GiveUp(why),
                new TimeoutException($"{_grainId} has given up a request that did not end."));
        if (_waiting.Count == 0 || !Runtime.OwnsHere(_grainId) || Class.IsStatelessWorker)
        {
            EndLife(successor: null);
            while (_waiting.TryDequeue() is { } job) job.Reroute();
            return;
        }

        var successor = new Activation(Class, _grainId) { _waiting = _waiting, _inbox = default };
        _waiting = default;
        EndLife(successor);
        Runtime.Scheduler.Schedule(successor, near: false);
    }

    /// <summary>From here on <see cref="HasEnded"/>, and requests that were pushed to this activation are passed on.</summary>
    private void EndLife(Activation? successor)
    {
        DisposeInstance();
        Runtime.Catalog.Replace(this, successor);
        _transition = null;
        _stage = Stage.Ended;
        Class.Timing.Retire(_calls);
    }

    private void DisposeInstance()
    {
        var instance = Instance as IDisposable;
        Instance = null;
        try
        {
            instance?.Dispose();
        }
        catch (Exception exception) // A turn's edge: the activation ends all the same.
        {
            Runtime.Log.DeactivationHookFailed(exception, _grainId);
        }
    }

    /// <summary>
    /// The current transition has taken too long: first its token is cancelled, then the activation goes on without it.
    /// </summary>
    private void HurryTransition()
    {
        if (_transition is not { } transition || Runtime.Clock.Now < transition.Deadline) return;
        Runtime.Log.TransitionOverdue(_grainId, _stage, _runningCount);
        switch (_stage)
        {
            case Stage.Draining:
                Close();
                break;
            case Stage.Activating or Stage.Closing when !transition.Warned:
                transition.Warned = true;
                transition.Deadline = Runtime.Clock.Now + GraceMs;
                CancelHook(transition);
                break;
            case Stage.Activating:
                FailActivation(new TimeoutException(
                    $"OnActivateAsync of {_grainId} has not ended within {Runtime.Options.ActivationTimeout}."));
                break;
            case Stage.Closing:
                Finish();
                break;
        }
    }

    private void CancelHook(Transition transition)
    {
        try
        {
            transition.Cancel();
        }
        catch (AggregateException exception) // A turn's edge: callbacks that grain code registered have thrown.
        {
            Runtime.Log.TurnFailed(exception, _grainId);
        }
    }

    private sealed class DeactivationRequest(DeactivationReason reason) : MailboxItem
    {
        internal override void Run(Activation activation) => activation.BeginDraining(reason);
    }
}
