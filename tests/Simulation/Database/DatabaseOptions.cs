namespace Mall.Simulation;

/// <summary>How slow the simulated database is, and how often what goes wrong: probabilities from 0 to 1.</summary>
/// <param name="Refused">The database is not reached: nothing happened, and everybody knows.</param>
/// <param name="Broken">The transaction breaks before its commit: nothing happened, and everybody knows.</param>
/// <param name="CommitLost">The commit is sent and lost: nothing happened, and nobody knows.</param>
/// <param name="AcknowledgementLost">It happened, and nobody knows.</param>
/// <param name="Stalled">The commit takes up to 25 s: perhaps longer than its callers, or its silo, wait.</param>
/// <param name="SeveralTrips">A batch that takes several round trips, between which its silo holds locks.</param>
/// <param name="Frozen">Of these: the silo freezes between them, for up to 20 s.</param>
/// <param name="ReadBack">A question for a commit mark fails; it is asked again.</param>
/// <param name="Other">A query, a claim or a reservation of ids fails, half of them after they have happened.</param>
public sealed record DatabaseOptions(
    double Refused = 0, double Broken = 0, double CommitLost = 0, double AcknowledgementLost = 0, double Stalled = 0,
    double SeveralTrips = 0.2, double Frozen = 0, double ReadBack = 0, double Other = 0)
{
    public TimeSpan Way { get; init; } = TimeSpan.FromMicroseconds(500); // a message's way, one direction: up to twice this

    /// <summary>What a commit takes, from its locks to the disk: up to twice this.</summary>
    public TimeSpan Disk { get; init; } = TimeSpan.FromMilliseconds(2);
    public TimeSpan LongestStall { get; init; } = TimeSpan.FromSeconds(25);
    public TimeSpan LongestFreeze { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The same without anything that goes wrong.</summary>
    public DatabaseOptions Sound() => new(SeveralTrips: SeveralTrips) { Way = Way, Disk = Disk };
}
