using System.Diagnostics.CodeAnalysis;

namespace Mall.Runtime;

/// <summary>
/// Carries a cancellation from caller to callee. The callee gets a token of its own, which is cancelled on a turn of its
/// activation: a callback that grain code registers on it must not run in parallel with the grain.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A token source without timer and wait handle holds nothing to dispose of.")]
internal sealed class CallCancellation : MailboxItem
{
    private readonly CancellationTokenSource _callee = new();
    private CancellationTokenRegistration _registration;
    private object? _whereabouts; // The activation that runs it, or the call to another silo.

    /// <summary>The token that the callee sees.</summary>
    public CancellationToken CalleeToken => _callee.Token;

    /// <summary>Abandons the request when the caller's token is cancelled. Call before the request is sent.</summary>
    public void Watch(GrainRequest request, CancellationToken callerToken) =>
        _registration = callerToken.UnsafeRegister(
            static (state, token) => ((GrainRequest)state!).Abandon(new OperationCanceledException(token)), request);

    /// <summary>
    /// The request starts in this activation, or goes to another silo by this call. Full fence, against
    /// <see cref="CancelCallee"/>: one of the two sees the other.
    /// </summary>
    public void Entered(object activationOrCall) => Interlocked.Exchange(ref _whereabouts, activationOrCall);

    /// <summary>
    /// The request was abandoned: if it runs already, its token is cancelled on one of the activation's next turns.
    /// </summary>
    public void CancelCallee()
    {
        Interlocked.MemoryBarrier();
        switch (Volatile.Read(ref _whereabouts))
        {
            case Activation activation:
                activation.Post(this);
                break;
            case OutgoingCall call:
                call.Cancel();
                break;
        }
    }

    /// <summary>The request has ended. Does not wait for a callback that is running.</summary>
    public void Unwatch() => _registration.Unregister();

    internal override void Run(Activation activation)
    {
        try
        {
            _callee.Cancel();
        }
        catch (AggregateException exception) // A turn's edge: callbacks that grain code registered have thrown.
        {
            activation.Runtime.Log.TurnFailed(exception, activation.GrainId);
        }
    }
}
