using System.Runtime.CompilerServices;

namespace Mall.Runtime;

/// <summary>A request whose method answers with a <typeparamref name="TResult"/>.</summary>
public abstract class GrainRequest<TResult> : GrainRequest
{
    /// <summary>
    /// Makes and ends the caller's task. It does what a <see cref="TaskCompletionSource{TResult}"/> does, without being an
    /// object. Touch it in place only: it is a struct that changes.
    /// </summary>
    private AsyncTaskMethodBuilder<TResult> _caller;

    private protected TResult Result = default!;

    private protected GrainRequest() { }

    internal sealed override object? BoxedResult
    {
        get => Result;
        set => Result = (TResult)value!;
    }

    internal Task<TResult> Send(GrainReference target)
    {
        Prepare(target);
        return target.Runtime.Filters.Outgoing.Length == 0 ? Send() : SendFiltered();
    }

    internal Task<TResult> Send(GrainReference target, CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled) return Send(target);
        if (cancellationToken.IsCancellationRequested) return Task.FromCanceled<TResult>(cancellationToken);
        Prepare(target, cancellationToken);
        return target.Runtime.Filters.Outgoing.Length == 0 ? Send() : SendFiltered();
    }

    internal Task SendOneWay(GrainReference target)
    {
        Prepare(target);
        if (target.Runtime.Filters.Outgoing.Length != 0) return new OutgoingCallContext(this, HandOver).Invoke();
        return HandOver();
    }

    private Task<TResult> Send()
    {
        // The task must exist before the request is handed over: from then on the callee may end it.
        var task = _caller.Task;
        Target.Runtime.Send(this);
        return task;
    }

    private async Task<TResult> SendFiltered()
    {
        await new OutgoingCallContext(this, Send).Invoke();
        return Result;
    }

    private Task HandOver()
    {
        var refusal = new NobodyWaits(isFromGrain: Caller is Activation);
        Caller = refusal;
        Target.Runtime.Send(this);
        return refusal.HandedOver();
    }

    private protected sealed override void CompleteCaller(Exception? fault)
    {
        if (fault is null) _caller.SetResult(Result);
        else _caller.SetException(fault);
    }

    internal sealed override void WriteResult(ref WireWriter writer) => WriteResult(ref writer, Result);

    internal sealed override void ReadResult(ref WireReader reader) => Result = ReadResultValue(ref reader);

    /// <summary>Writes the result as field 1.</summary>
    protected abstract void WriteResult(ref WireWriter writer, TResult result);

    /// <summary>Reads the result that <see cref="WriteResult(ref WireWriter, TResult)"/> wrote.</summary>
    protected abstract TResult ReadResultValue(ref WireReader reader);
}
