using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Mall.Runtime;

/// <content>The way of a request through its callee and back.</content>
public abstract partial class GrainRequest
{
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

    /// <summary>
    /// Puts the call through the filters. A filter may answer in the method's place and may change arguments and result.
    /// </summary>
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

    /// <summary>
    /// Hands an item that completes the caller to where the caller's code runs: never here, inside the callee's turn.
    /// </summary>
    private void Deliver(MailboxItem item, IThreadPoolWorkItem work, Exception? fault)
    {
        switch (Caller)
        {
            case null when fault is null && !Target.Runtime.MayServe:
                // What a silo without a lease has computed may be stale: outside it must not be taken for the truth.
                var stale = new SiloUnavailableException(
                    $"{Target.Runtime.Self} has lost its lease; the effect of {Method} is unknown.");
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
        if (now < Deadline || !IsPending || IsOneWay) return; // Nobody waits for the end of a one-way call.
        Abandon(new TimeoutException(
            $"{Method} of {Target.GrainId} has not answered within {Target.Runtime.Options.ResponseTimeout}; "
            + "whether it had its effect is unknown."));
    }

    internal sealed override void GiveUp(Exception reason) => Abandon(reason);

    internal void CompleteAbandoned(Exception reason) => CompleteCaller(reason);
}
