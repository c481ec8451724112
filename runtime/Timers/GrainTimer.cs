namespace Mall.Runtime;

/// <summary>
/// A timer, which is at once the job that its tick is. It is armed for one tick at a time and armed again when that has ended, so
/// ticks of one timer never overlap or pile up, and the job is never in two lists.
/// </summary>
internal abstract class GrainTimer : Job, IGrainTimer
{
    private readonly Activation _activation;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _timer;
    private readonly bool _keepAlive;
    private TimeSpan _period = Timeout.InfiniteTimeSpan;

    /// <summary>1 from when the tick is due until it has ended. Set by the time provider's thread, reset by the owner.</summary>
    private int _ticking;

    /// <summary>Set when <see cref="Change"/> came while a tick was on its way: the tick arms the timer with this.</summary>
    private TimeSpan? _changedDue;
    private bool _stopped;
    private Task? _running;

    protected GrainTimer(Activation activation, GrainTimerCreationOptions options)
    {
        _activation = activation;
        _keepAlive = options.KeepAlive;
        Options = options.Interleave ? InvokeOptions.AlwaysInterleave : InvokeOptions.None;
        _timer = CreateStoppedTimer(activation.Runtime.Time);
    }

    /// <summary>Links of the activation's list of timers.</summary>
    internal GrainTimer? NextOfActivation;

    internal GrainTimer? PreviousOfActivation;

    internal override InvokeOptions Options { get; }

    internal override IInvokable? Invokable => null;

    /// <summary>Calls the grain's callback.</summary>
    protected abstract Task Call(CancellationToken cancellationToken);

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_stopped) return;
        _period = period;
        // A tick that comes between the look and the change is one that was due at this very moment.
        if (Volatile.Read(ref _ticking) == 0) _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
        else _changedDue = dueTime;
    }

    public void Dispose()
    {
        if (_stopped) return;
        _activation.Remove(this);
        Stop();
    }

    /// <summary>No tick starts any more; one that runs has its token cancelled. On the activation's turn.</summary>
    internal void Stop()
    {
        if (_stopped) return;
        _stopped = true;
        _timer.Dispose();
        try
        {
            _stopping.Cancel();
        }
        catch (AggregateException exception) // A turn's edge: callbacks that grain code registered have thrown.
        {
            _activation.Runtime.Log.TimerFailed(exception, _activation.GrainId);
        }
    }

    internal override void Run(Activation activation) => activation.Admit(this);

    internal override bool Start(Activation activation)
    {
        // The job may have moved to the grain's next activation with the requests that waited; there it is nothing.
        if (_stopped || !ReferenceEquals(activation, _activation)) return true;
        if (_changedDue is not null)
        {
            Rearm();
            return true;
        }

        if (_keepAlive) activation.Touch();
        try
        {
            _running = Call(_stopping.Token);
        }
        catch (Exception exception) // A turn's edge: nobody else hears of it.
        {
            _running = Task.FromException(exception);
        }

        if (!_running.IsCompleted)
        {
            _running.GetAwaiter().UnsafeOnCompleted(EndOnTurn);
            return false;
        }

        Ended(_running);
        return true;
    }

    internal override void Refuse(Exception reason) { }

    internal override void Reroute() { }

    internal override void EndIfOverdue(long now) { }

    internal override void GiveUp(Exception reason) { }

    /// <summary>
    /// The values that travel with the call that creates the timer do not belong to its ticks, so the context does not flow.
    /// </summary>
    private ITimer CreateStoppedTimer(TimeProvider time)
    {
        var flow = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        try
        {
            return time.CreateTimer(
                static state => ((GrainTimer)state!).Due(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            flow.Dispose();
        }
    }

    private void Due()
    {
        if (Interlocked.Exchange(ref _ticking, 1) == 0) _activation.Post(this);
    }

    private void EndOnTurn()
    {
        _activation.End(this);
        if (_keepAlive) _activation.Touch();
        Ended(_running!);
    }

    private void Ended(Task task)
    {
        _running = null;
        if (task.Exception?.InnerException is { } exception) _activation.Runtime.Log.TimerFailed(exception, _activation.GrainId);
        Rearm();
    }

    private void Rearm()
    {
        var due = _changedDue ?? _period;
        _changedDue = null;
        Volatile.Write(ref _ticking, 0);
        if (!_stopped) _timer.Change(due, Timeout.InfiniteTimeSpan);
    }
}

/// <summary>A timer with the callback's state.</summary>
internal sealed class GrainTimer<TState>(
    Activation activation, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    : GrainTimer(activation, options)
{
    protected override Task Call(CancellationToken cancellationToken) => callback(state, cancellationToken);
}
