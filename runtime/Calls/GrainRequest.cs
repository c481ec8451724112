using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Mall.Runtime;

/// <summary>
/// One call of a grain's method. It is at once the message in the callee's mailbox, the completion of the caller's task and the reply
/// in the caller's mailbox, so a call within a silo allocates this, the caller's task, and what the grain itself allocates. The
/// generator derives one class from it for each method. An instance is used once and never pooled: other threads may look at it
/// at any time (see <see cref="EndIfOverdue"/>), and find a request that is as it was or one that has ended.
/// </summary>
public abstract class GrainRequest : Job, IInvokable, IThreadPoolWorkItem
{
    /// <summary>In <see cref="_state"/>: nobody has ended the call yet.</summary>
    private const int Pending = 0;

    /// <summary>In <see cref="_state"/>: the callee has ended it, and this object carries the answer to the caller.</summary>
    private const int Answered = 1;

    /// <summary>In <see cref="_state"/>: timed out or cancelled. The callee's list may hold this object still; it drops it.</summary>
    private const int Abandoned = 2;

    private int _state;

    /// <summary>The task that the grain's method returned while it runs; then the exception that it ended with, if it did.</summary>
    private object? _outcome;

    private protected GrainRequest() { }

    /// <summary>Which method is called.</summary>
    public abstract GrainMethod Method { get; }

    internal sealed override InvokeOptions Options => Method.Options;

    internal sealed override IInvokable Invokable => this;

    /// <summary>Who is called. Set when the request is sent.</summary>
    internal GrainReference Target = null!;

    /// <summary>Who waits for the answer: an activation, null for code outside grains, or an <see cref="IReplySink"/>.</summary>
    internal object? Caller;

    /// <summary>Null for most calls.</summary>
    internal CallExtras? Extras;

    /// <summary>On the runtime's coarse clock, milliseconds.</summary>
    internal long Deadline;

    /// <summary>Timestamp of the sending when this call is one of those that are timed, otherwise 0.</summary>
    internal long SentAt;

    internal bool IsPending => Volatile.Read(ref _state) == Pending;

    internal Exception? Fault => _outcome as Exception;

    internal bool IsOneWay => (Options & InvokeOptions.OneWay) != 0;

    /// <summary>The grain that calls; null for code outside grains.</summary>
    internal GrainId? SourceId => (Caller as Activation)?.GrainId ?? Extras?.RemoteSource;

    internal CallExtras EnsureExtras() => Extras ??= new CallExtras();

    /// <inheritdoc/>
    public virtual int GetArgumentCount() => 0;

    /// <inheritdoc/>
    public virtual object? GetArgument(int index) => throw new ArgumentOutOfRangeException(nameof(index));

    /// <inheritdoc/>
    public virtual void SetArgument(int index, object? value) => throw new ArgumentOutOfRangeException(nameof(index));

    /// <inheritdoc/>
    public string GetMethodName() => Method.Name;

    /// <inheritdoc/>
    public string GetInterfaceName() => Method.InterfaceName;

    /// <inheritdoc/>
    public Type GetInterfaceType() => Method.InterfaceType;

    /// <inheritdoc/>
    public MethodInfo GetMethod() => Method.Method;

    /// <inheritdoc/>
    public object? GetTarget() => Target?.LastActivation?.Instance;

    /// <inheritdoc/>
    public virtual CancellationToken GetCancellationToken() => CancellationToken.None;

    /// <summary>Replaces the token among the arguments; false when the method has none.</summary>
    protected virtual bool TrySetCancellationToken(CancellationToken cancellationToken) => false;

    /// <summary>Writes the arguments, each as a field numbered by its position from 1.</summary>
    public abstract void WriteArguments(ref WireWriter writer);

    /// <summary>Writes the result that <see cref="Answer()"/> has published.</summary>
    internal abstract void WriteResult(ref WireWriter writer);

    /// <summary>Reads the result that another silo sent.</summary>
    internal abstract void ReadResult(ref WireReader reader);

    /// <summary>The result, boxed, for filters.</summary>
    internal abstract object? BoxedResult { get; set; }

    /// <summary>Calls the grain's method and, if the task that it returns has ended already, takes its result.</summary>
    /// <returns>The task, if it has not ended or not well; null when the result is taken.</returns>
    private protected abstract Task? Invoke(object grain);

    /// <summary>Takes the result of the task that <see cref="Invoke"/> returned, which has ended well by now.</summary>
    private protected abstract void TakeResult(Task task);

    /// <summary>Ends the caller's task with the result or the exception. Runs the caller's code.</summary>
    private protected abstract void CompleteCaller(Exception? fault);

    /// <summary>
    /// Runs where the mailbox of an activation has this item at its front. As a request that is the callee's, as a reply the
    /// caller's; the state says which.
    /// </summary>
    internal sealed override void Run(Activation activation)
    {
        switch (Volatile.Read(ref _state))
        {
            case Pending when !activation.Runtime.MayServe:
                activation.Runtime.SendAgain(this, "This silo has lost its lease.");
                break;
            case Pending:
                activation.Admit(this);
                break;
            case Answered:
                CompleteCaller(Fault);
                break;
        }
    }

    /// <summary>A reply to code outside grains, on its way through the scheduler.</summary>
    void IThreadPoolWorkItem.Execute() => CompleteCaller(Fault);

    internal sealed override bool Start(Activation activation)
    {
        activation.CountCall();
        if (SentAt != 0) activation.Class.Timing.Started(this);
        if (Extras is null && !activation.Class.HasFilters) return Track(activation, InvokeGuarded(activation.Instance!));

        Extras?.Cancellation?.Entered(activation);
        if (!IsPending) return true;
        // The loop puts the execution context back when this turn has ended.
        RequestContext.Current = Extras?.Context;
        if (Extras?.TraceParent is { } trace) Extras.Span = CallTracing.Start(this, trace);
        return Track(activation, activation.Class.HasFilters ? StartFiltered(activation) : InvokeGuarded(activation.Instance!));
    }

    /// <summary>Puts the call through the filters. A filter may answer in the method's place and may change arguments and result.</summary>
    private Task? StartFiltered(Activation activation)
    {
        EnsureExtras().Filtered = true;
        var task = new IncomingCallContext(this, activation).Invoke();
        if (!task.IsCompletedSuccessfully) return task;
        return null;
    }

    /// <summary>The method itself, as the last of the filters.</summary>
    internal async Task InvokeBehindFilters(object grain)
    {
        if (Invoke(grain) is not { } task) return;
        await task;
        TakeResult(task);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Task? InvokeGuarded(object grain)
    {
        try
        {
            return Invoke(grain);
        }
        catch (Exception exception) // A turn's edge: what the grain throws belongs to its caller.
        {
            return Task.FromException(exception);
        }
    }

    /// <summary>Answers at once when the method has ended, or arranges that a later turn does.</summary>
    private bool Track(Activation activation, Task? task)
    {
        if (task is null || task.IsCompleted)
        {
            if (SentAt != 0) activation.Class.Timing.Ended(this);
            if (task is null) Answer();
            else AnswerWith(task);
            return true;
        }

        _outcome = task;
        // The awaiter posts to the current synchronization context, which is the activation: End runs on one of its turns.
        Debug.Assert(SynchronizationContext.Current == activation);
        task.GetAwaiter().UnsafeOnCompleted(EndOnTurn);
        return false;
    }

    private void EndOnTurn()
    {
        var activation = (Activation)SynchronizationContext.Current!;
        activation.End(this);
        activation.Touch();
        if (SentAt != 0) activation.Class.Timing.Ended(this);
        AnswerWith((Task)_outcome!);
    }

    private void AnswerWith(Task task)
    {
        if (task.IsCompletedSuccessfully)
        {
            _outcome = null;
            if (Extras is not { Filtered: true }) TakeResult(task);
            Answer();
        }
        else
        {
            Answer(task.Exception?.InnerException ?? new TaskCanceledException(task));
        }
    }

    /// <summary>Ends the call with an exception.</summary>
    internal void Answer(Exception fault)
    {
        _outcome = fault;
        Answer();
    }

    /// <summary>Ends the call with the result or exception that has been stored, unless the caller has given up.</summary>
    internal void Answer()
    {
        if (Extras is { } extras)
        {
            extras.Cancellation?.Unwatch();
            if (Interlocked.Exchange(ref extras.Span, null) is { } span) CallTracing.Stop(span, Fault);
        }

        if (Interlocked.CompareExchange(ref _state, Answered, Pending) != Pending) return;
        Deliver(this, this, Fault);
    }

    /// <summary>Hands an item that completes the caller to where the caller's code runs: never here, inside the callee's turn.</summary>
    private void Deliver(MailboxItem item, IThreadPoolWorkItem work, Exception? fault)
    {
        switch (Caller)
        {
            case null when fault is null && !Target.Runtime.MayServe:
                // What a silo without a lease has computed may be stale: outside it must not be taken for the truth.
                var stale = new SiloUnavailableException($"{Target.Runtime.Self} has lost its lease; the effect of {Method} is unknown.");
                Target.Runtime.Scheduler.Schedule(new AbandonedCall(this, stale), near: true);
                break;
            case null:
                Target.Runtime.Scheduler.Schedule(work, near: true);
                break;
            case Activation activation:
                activation.Post(item);
                break;
            case IReplySink sink:
                sink.Reply(this, fault);
                break;
        }
    }

    /// <summary>
    /// Gives up waiting: the caller's task ends with this exception, a callee that runs has its token cancelled, one that has not
    /// started never will. From any thread; false when the call had ended already.
    /// </summary>
    internal bool Abandon(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Pending) != Pending) return false;
        if (Extras?.Cancellation is { } cancellation)
        {
            cancellation.Unwatch();
            cancellation.CancelCallee();
        }

        var notice = new AbandonedCall(this, reason);
        Deliver(notice, notice, reason);
        return true;
    }

    internal sealed override void Refuse(Exception reason) => Answer(reason);

    internal sealed override void Reroute()
    {
        if (IsPending) Target.Runtime.Dispatch(this);
    }

    internal sealed override void EndIfOverdue(long now)
    {
        if (now < Deadline || !IsPending) return;
        Abandon(new TimeoutException(
            $"{Method} of {Target.GrainId} has not answered within {Target.Runtime.Options.ResponseTimeout}; whether it had its effect is unknown."));
    }

    internal sealed override void GiveUp(Exception reason) => Abandon(reason);

    internal void CompleteAbandoned(Exception reason) => CompleteCaller(reason);

    private protected void Prepare(GrainReference target)
    {
        Target = target;
        Caller = SynchronizationContext.Current as Activation;
    }

    private protected void Prepare(GrainReference target, CancellationToken cancellationToken)
    {
        Prepare(target);
        var cancellation = new CallCancellation();
        EnsureExtras().Cancellation = cancellation;
        TrySetCancellationToken(cancellation.CalleeToken);
        cancellation.Watch(this, cancellationToken);
    }

    /// <summary>For a request that came from another silo.</summary>
    internal void Prepare(GrainReference target, IncomingCaller caller, in RequestHeader header, long now)
    {
        Target = target;
        Caller = caller;
        Deadline = now + header.TimeoutMs;
        var source = header.Source.ToGrainId();
        if (source is null && header.Context is null && header.TraceParent is null && header.Hops == 0) return;
        Extras = new CallExtras
        {
            RemoteSource = source, Context = header.Context, TraceParent = header.TraceParent, Refusals = (int)Math.Clamp(header.Hops, 0, 1_000),
        };
    }

    /// <summary>Gives the method a token that a caller in another silo can cancel; false when it takes none.</summary>
    internal bool ListenToCaller()
    {
        if (!TrySetCancellationToken(CancellationToken.None)) return false;
        var cancellation = new CallCancellation();
        TrySetCancellationToken(cancellation.CalleeToken);
        EnsureExtras().Cancellation = cancellation;
        return true;
    }
}
