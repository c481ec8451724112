namespace Mall.TestFaults;

/// <summary>How often what goes wrong, as probabilities from 0 to 1. All zero by default.</summary>
public sealed record FaultOptions
{
    /// <summary>The same seed and the same calls give the same faults.</summary>
    public int Seed { get; init; }

    /// <inheritdoc cref="FaultPoint.BeforeTransaction"/>
    public double BeforeTransaction { get; init; }

    /// <inheritdoc cref="FaultPoint.BeforeCommit"/>
    public double BeforeCommit { get; init; }

    /// <inheritdoc cref="FaultPoint.AfterCommit"/>
    public double AfterCommit { get; init; }

    /// <summary>Reading the commit mark back fails; it is tried again.</summary>
    public double ReadBack { get; init; }

    /// <summary>Queries, claims and reservations of ids fail.</summary>
    public double Other { get; init; }

    /// <summary>A call takes up to <see cref="LongestDelay"/> before it begins.</summary>
    public double Delay { get; init; }

    /// <summary>Default: 100 ms.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMilliseconds(100);
}
