using System.Diagnostics.CodeAnalysis;

namespace Mall.Runtime;

/// <summary>How a grain timer ticks.</summary>
public readonly struct GrainTimerCreationOptions
{
    /// <summary>For an object initializer.</summary>
    public GrainTimerCreationOptions() { }

    /// <summary>A timer that neither interleaves nor keeps its activation alive.</summary>
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) => (DueTime, Period) = (dueTime, period);

    /// <summary>
    /// Until the first tick; <see cref="Timeout.InfiniteTimeSpan"/>: not before <see cref="IGrainTimer.Change"/>.
    /// </summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>Between the end of a tick and the next one; <see cref="Timeout.InfiniteTimeSpan"/> for one tick only.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Ticks may interleave with requests and other timers. Default: a tick waits like a request. </summary>
    public bool Interleave { get; init; }

    /// <summary>A tick counts as use, so that the activation is not collected as idle. Default: it does not.</summary>
    public bool KeepAlive { get; init; }
}
