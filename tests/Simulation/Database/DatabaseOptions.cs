namespace Mall.Simulation;

/// <summary>How slow the simulated database is, and how often what goes wrong. Rates are probabilities from 0 to 1.</summary>
public sealed record DatabaseOptions
{
    /// <summary>A message's way, one direction: up to twice this. Default 500 µs.</summary>
    public TimeSpan Way { get; init; } = TimeSpan.FromMicroseconds(500);

    /// <summary>What a commit takes, from its locks to the disk: up to twice this. Default 2 ms.</summary>
    public TimeSpan Disk { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>The database is not reached: nothing happened, and everybody knows.</summary>
    public double Refused { get; init; }

    /// <summary>The transaction breaks before its commit: nothing happened, and everybody knows.</summary>
    public double Broken { get; init; }

    /// <summary>The commit is sent and lost: nothing happened, and nobody knows.</summary>
    public double CommitLost { get; init; }

    /// <summary>The commit happens and its acknowledgement is lost: it happened, and nobody knows.</summary>
    public double AcknowledgementLost { get; init; }

    /// <summary>The commit takes up to <see cref="LongestStall"/>: perhaps longer than its callers, or its silo, wait.</summary>
    public double Stalled { get; init; }

    /// <summary>Default 25 s.</summary>
    public TimeSpan LongestStall { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>A batch that takes several round trips, between which its silo holds locks.</summary>
    public double SeveralTrips { get; init; } = 0.2;

    /// <summary>Of these: the silo freezes between them, for up to <see cref="LongestFreeze"/>.</summary>
    public double Frozen { get; init; }

    /// <summary>Default 20 s.</summary>
    public TimeSpan LongestFreeze { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A question for a commit mark fails; it is asked again.</summary>
    public double ReadBack { get; init; }

    /// <summary>A query, a claim or a reservation of ids fails, half of them after they have happened.</summary>
    public double Other { get; init; }

    /// <summary>How long a transaction waits for one lock. As the real stores set it: half of what callers wait.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When the database ends a session that holds locks and says nothing. As the real stores set it.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a client waits for a statement. As the real stores set it.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same without anything that goes wrong.</summary>
    public DatabaseOptions Sound() => this with
    {
        Refused = 0, Broken = 0, CommitLost = 0, AcknowledgementLost = 0, Stalled = 0, Frozen = 0, ReadBack = 0, Other = 0,
    };
}
