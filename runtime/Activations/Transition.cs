using System.Diagnostics.CodeAnalysis;

namespace Mall.Runtime;

/// <summary>An activation that is on its way up or down, and by when it should be there.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A token source without timer and wait handle holds nothing to dispose of.")]
internal sealed class Transition
{
    private CancellationTokenSource? _cancellation;

    /// <summary>Why it goes down; null on the way up.</summary>
    public DeactivationReason? Reason;

    /// <summary>Why the way up has failed; requests are refused with it.</summary>
    public Exception? Failure;

    /// <summary>On the coarse clock, milliseconds. The sweeper reads it.</summary>
    public long Deadline = long.MaxValue;

    /// <summary>The token has been cancelled, and the next deadline is the last.</summary>
    public bool Warned;

    /// <summary>What the hook gets.</summary>
    public CancellationToken Token => (_cancellation ??= new CancellationTokenSource()).Token;

    /// <summary>Cancels the hook's token. On the activation's turn, since grain code may have registered callbacks.</summary>
    public void Cancel() => _cancellation?.Cancel();
}
