namespace Mall.Simulation;

/// <summary>
/// All that goes wrong in a run, and how often: of what happens to processes and links, the seconds between two of a kind, on
/// average; zero for never. Everything else is probabilities.
/// </summary>
public sealed record FaultPlan
{
    /// <summary>A silo is killed, and started again.</summary>
    public double Kills { get; init; }

    /// <summary>A silo stops and goes on, a tenth of a second to <see cref="LongestFreeze"/> later.</summary>
    public double Freezes { get; init; }

    /// <summary>Default 45 s: beyond what it takes to be declared dead.</summary>
    public TimeSpan LongestFreeze { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>A silo stops in order, and is started again.</summary>
    public double Stops { get; init; }

    /// <summary>A silo more, or one less.</summary>
    public double Changes { get; init; }

    /// <summary>One direction of one link is clogged for a while.</summary>
    public double Clogs { get; init; }

    /// <summary>All links are clogged one by one, and opened in another order.</summary>
    public double Swizzles { get; init; }

    /// <summary>The silos fall into two parts that do not hear each other.</summary>
    public double Splits { get; init; }

    /// <summary>The database's server restarts.</summary>
    public double Restarts { get; init; }

    /// <summary>Somebody who is none of the mall's holds a product's row.</summary>
    public double Locks { get; init; }

    /// <summary>Each silo's clock is off by up to this.</summary>
    public TimeSpan LongestClockOff { get; init; }

    public NetworkOptions Network { get; init; } = new();

    public MembershipOptions Membership { get; init; } = new();

    public DatabaseOptions Database { get; init; } = new();

    public WorkloadOptions Workload { get; init; } = new();
}

/// <summary>Plans with a name.</summary>
public static class Profiles
{
    public static readonly string[] Names = ["calm", "swizzle", "storm", "split", "rush", "mix"];

    private static readonly DatabaseOptions s_sickDatabase = new()
    {
        Refused = 0.01, Broken = 0.01, CommitLost = 0.01, AcknowledgementLost = 0.02, Stalled = 0.005, Frozen = 0.01,
        ReadBack = 0.1, Other = 0.01,
    };

    private static readonly NetworkOptions s_sickNetwork = new() { Slow = 0.02, Lost = 0.005 };

    private static readonly MembershipOptions s_lateNews = new() { LateNews = 0.4 };

    private static readonly FaultPlan s_swizzle = new()
    {
        Swizzles = 90, Clogs = 20, Network = s_sickNetwork, Membership = s_lateNews,
    };

    private static readonly FaultPlan s_storm = new()
    {
        Kills = 60, Freezes = 60, Stops = 120, Changes = 120, Restarts = 240, Locks = 60, Network = s_sickNetwork,
        Membership = s_lateNews, Database = s_sickDatabase, LongestClockOff = TimeSpan.FromMinutes(3),
    };

    private static readonly FaultPlan s_split = new() { Splits = 60, Kills = 240, Changes = 120, Membership = s_lateNews };

    private static readonly WorkloadOptions s_rush = new()
    {
        Rush = 0.9, Shoppers = 30, ShopperPause = 6, Twice = 0.15, RepeatsOld = 0.1, Stock = 120,
    };

    /// <param name="chance">Mix draws from it what the run will be like.</param>
    public static FaultPlan Of(string profile, Random chance) => profile switch
    {
        "calm" => new(),
        "swizzle" => s_swizzle,
        "storm" => s_storm,
        "split" => s_split,
        "rush" => new() { Workload = s_rush, Kills = 180, Locks = 90, Database = s_sickDatabase },
        "mix" => Mix(chance),
        _ => throw new ArgumentException($"There is no profile {profile}.", nameof(profile)),
    };

    private static FaultPlan Mix(Random chance)
    {
        // Each fault is there or not, more or less often: few at once show what many would drown.
        double Often(double seconds) => chance.Next(2) == 0 ? 0 : seconds * (0.5 + chance.NextDouble());
        return new()
        {
            Kills = Often(90), Freezes = Often(90), Stops = Often(150), Changes = Often(150), Clogs = Often(40),
            Swizzles = Often(240), Splits = Often(200), Restarts = Often(300), Locks = Often(90),
            LongestClockOff = chance.Next(2) == 0 ? TimeSpan.Zero : TimeSpan.FromMinutes(4 * chance.NextDouble()),
            Network = chance.Next(2) == 0 ? new() : s_sickNetwork,
            Membership = chance.Next(2) == 0 ? new() : s_lateNews,
            Database = chance.Next(2) == 0 ? new() : s_sickDatabase,
            Workload = chance.Next(3) == 0 ? s_rush : new(),
        };
    }
}
