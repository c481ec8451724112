using System.Reflection;

namespace Mall.Runtime;

/// <summary>
/// One call of a grain's method. It is at once the message in the callee's mailbox, the completion of the caller's task and the
/// reply in the caller's mailbox, so a call within a silo allocates this, the caller's task, and what the grain itself allocates.
/// The generator derives one class from it for each method. An instance is used once and never pooled: other threads may look at
/// it at any time (see <see cref="EndIfOverdue"/>), and find a request that is as it was or one that has ended.
/// </summary>
public abstract partial class GrainRequest : Job, IInvokable, IThreadPoolWorkItem
{
    /// <summary>In <see cref="_state"/>: nobody has ended the call yet.</summary>
    private const int Pending = 0;

    /// <summary>In <see cref="_state"/>: the callee has ended it, and this object carries the answer to the caller.</summary>
    private const int Answered = 1;

    /// <summary>
    /// In <see cref="_state"/>: timed out or cancelled. The callee's list may hold this object still; it drops it.
    /// </summary>
    private const int Abandoned = 2;

    private int _state;

    /// <summary>
    /// The task that the grain's method returned while it runs; then the exception that it ended with, if it did.
    /// </summary>
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
        if (source is null && header.Context is null && header.TraceParent is null && header.Hops == 0 && !header.IsDetour)
            return;
        Extras = new CallExtras
        {
            RemoteSource = source, Context = header.Context, TraceParent = header.TraceParent,
            Refusals = (int)Math.Clamp(header.Hops, 0, 1_000), CameByDetour = header.IsDetour,
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
