using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>What few calls carry, kept apart so that the others do not pay for it.</summary>
internal sealed class CallExtras
{
    /// <summary>The caller's <see cref="RequestContext"/>.</summary>
    public ImmutableDictionary<string, object>? Context;

    /// <summary>Set when the caller gave a token that can be cancelled.</summary>
    public CallCancellation? Cancellation;

    /// <summary>Who called, when it was a grain of another silo.</summary>
    public GrainId? RemoteSource { get; set; }

    /// <summary>The result was set by call filters, see <see cref="GrainRequest.StartFiltered"/>.</summary>
    public bool Filtered;
}
