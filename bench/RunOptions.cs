namespace Mall.Bench;

/// <summary>Options that several benchmarks take, and the kinds of options there are.</summary>
static class RunOptions
{
    static readonly Option<double> s_duration = Seconds("--duration", "How many seconds each turn counts.", 6);
    static readonly Option<double> s_warmup = Seconds(
        "--warmup", "How many seconds each turn runs before it counts: on two busy cores code is compiled for that long.", 40);

    public static readonly Option<int> Rounds = AtLeastOne(
        "--rounds", "How often all that is compared take turns, each turn with fresh processes; the medians are reported.", 3);

    public static readonly Option<bool> Json =
        new("--json") { Description = "Print the report as JSON and nothing else to standard output." };

    public static readonly Option<string> Folder = new("--folder")
    {
        Description = "Where database files are made, and removed at the end.", DefaultValueFactory = _ => "data",
    };

    /// <summary>The options of benchmarks that compare in turns.</summary>
    public static IEnumerable<Option> OfTurns => [s_duration, s_warmup, Rounds];

    public static Task<Findings> TakeTurnsAsync(
        IReadOnlyList<Contestant> contestants, ParseResult options, CancellationToken cancellationToken) => Turn.TakeAllAsync(
        contestants, TimeSpan.FromSeconds(options.GetValue(s_warmup)), TimeSpan.FromSeconds(options.GetValue(s_duration)),
        options.GetValue(Rounds), cancellationToken);

    public static Option<int> AtLeastOne(string name, string description, int byDefault, params string[] aliases) =>
        new(name, aliases)
        {
            Description = description,
            DefaultValueFactory = _ => byDefault,
            Validators =
            {
                result =>
                {
                    if (result.GetValueOrDefault<int>() < 1)
                        result.AddError($"{name} must be at least 1.");
                },
            },
        };

    public static Option<double> Seconds(string name, string description, double byDefault) =>
        new(name) { Description = description, DefaultValueFactory = _ => byDefault };
}
