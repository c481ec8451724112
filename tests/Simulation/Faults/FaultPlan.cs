namespace Mall.Simulation;

/// <summary>All that goes wrong in a run, and how often. Of what happens to processes, links and rows, the seconds between two of
/// a kind, on average; zero for never. Of messages, news and calls of the bank, probabilities from 0 to 1.</summary>
/// <param name="Freezes">A silo stops and goes on, up to 45 s later: beyond what it takes to be declared dead.</param>
/// <param name="Swizzles">All links are clogged one by one, and opened in another order.</param>
/// <param name="Locks">Somebody who is none of the mall's holds a product's row.</param>
/// <param name="ClocksApart">Minutes; each silo's clock is off by up to this.</param>
/// <param name="LateNews">A silo is not told of a change of the membership, and reads it in the table up to 10 s later.</param>
public sealed record FaultPlan(
    double Kills = 0, double Freezes = 0, double Stops = 0, double Changes = 0, double Clogs = 0, double Swizzles = 0,
    double Splits = 0, double Restarts = 0, double Locks = 0, double ClocksApart = 0, double SlowMessages = 0,
    double LostMessages = 0, double LateNews = 0.1, double LostCalls = 0)
{
    public DatabaseOptions Database { get; init; } = new();
    public WorkloadOptions Workload { get; init; } = new();

    /// <summary>Nothing goes wrong, but that rows may be held: everybody is answered, and soon.</summary>
    public bool IsCalm => this with { Locks = 0, Workload = new() } == new FaultPlan();

    public static readonly string[] Profiles = ["calm", "locks", "swizzle", "storm", "split", "rush", "mix"];

    private static readonly DatabaseOptions s_sick = new()
    {
        Refused = 0.01, Broken = 0.01, CommitLost = 0.01, AcknowledgementLost = 0.02, Stalled = 0.005, Frozen = 0.01,
        ReadBack = 0.1, Other = 0.01,
    };

    private static readonly WorkloadOptions s_rush = new(
        Rush: 0.9, Shoppers: 30, ShopperPause: 6, Twice: 0.15, RepeatsOld: 0.1, Stock: 120);

    private static readonly FaultPlan s_sickNetwork = new(SlowMessages: 0.02, LostMessages: 0.005, LateNews: 0.4, LostCalls: 0.2);

    public static FaultPlan Of(string profile, Random chance) => profile switch
    {
        "calm" => new(),
        "locks" => new(Locks: 20),
        "swizzle" => s_sickNetwork with { Swizzles = 90, Clogs = 20 },
        "storm" => s_sickNetwork with
        {
            Kills = 60, Freezes = 60, Stops = 120, Changes = 120, Restarts = 240, Locks = 60, ClocksApart = 3, Database = s_sick,
        },
        "split" => new(Splits: 60, Kills: 240, Changes: 120, LateNews: 0.4),
        "rush" => new(Kills: 180, Locks: 90) { Workload = s_rush, Database = s_sick },
        "mix" => Mix(chance),
        _ => throw new ArgumentException($"There is no profile {profile}.", nameof(profile)),
    };

    private static FaultPlan Mix(Random chance)
    {
        // Each fault is there or not, more or less often: few at once show what many would drown.
        double Often(double seconds) => chance.Next(2) == 0 ? 0 : seconds * (0.5 + chance.NextDouble());
        bool Maybe() => chance.Next(2) == 0;
        var network = Maybe() ? new FaultPlan() : s_sickNetwork;
        return network with
        {
            Kills = Often(90), Freezes = Often(90), Stops = Often(150), Changes = Often(150), Clogs = Often(40),
            Swizzles = Often(240), Splits = Often(200), Restarts = Often(300), Locks = Often(90),
            ClocksApart = Maybe() ? 0 : 4 * chance.NextDouble(),
            LateNews = Maybe() ? 0.1 : 0.4,
            LostCalls = Maybe() ? 0 : 0.3,
            Database = Maybe() ? new() : s_sick,
            Workload = chance.Next(3) == 0 ? s_rush : new(),
        };
    }
}
