using System.Collections.Immutable;
using System.Diagnostics;

namespace Mall.Runtime;

/// <summary>What few calls carry, kept apart so that the others do not pay for it.</summary>
internal sealed class CallExtras
{
    /// <summary>The caller's <see cref="RequestContext"/>.</summary>
    public ImmutableDictionary<string, object>? Context;

    /// <summary>Set when the caller gave a token that can be cancelled.</summary>
    public CallCancellation? Cancellation;

    /// <summary>Who called, when it was a grain of another silo.</summary>
    public GrainId? RemoteSource;

    /// <summary>The result was set by call filters, see <see cref="GrainRequest.StartFiltered"/>.</summary>
    public bool Filtered;

    /// <summary>The caller's place in a trace, as W3C trace context; null when nobody listens.</summary>
    public string? TraceParent;

    /// <summary>The span of this call's execution.</summary>
    public Activity? Span;

    /// <summary>How often a silo has answered that it does not own the grain.</summary>
    public int Refusals;

    /// <summary>Came from a silo or client that cannot reach the grain's owner itself: it makes no second detour.</summary>
    public bool CameByDetour;
}
