using System.CommandLine;
using Mall.Simulation;

// A whole mall on one thread, from a seed: many of them, one again, or one made smaller.
Option<int> seed = new("--seed") { Description = "Which run.", Required = true };
Option<int> from = new("--from") { Description = "The first seed.", DefaultValueFactory = _ => 1 };
Option<int> seeds = new("--seeds") { Description = "How many seeds.", DefaultValueFactory = _ => 100 };
Option<bool> whole = new("--whole") { Description = "The whole story, not only its end." };
Option<double> minutes = new("--minutes") { Description = "Simulated time with faults.", DefaultValueFactory = _ => 8 };
Option<string> profile = new("--profile") { Description = "What goes wrong.", DefaultValueFactory = _ => "mix" };
Option<string?> planted = new("--planted") { Description = "Part of a bug's name." };
profile.AcceptOnlyFromAmong(FaultPlan.Profiles);

Command run = new("run", "Runs many seeds and sums up.") { from, seeds, profile, minutes };
run.SetAction(parsed => CampaignOf(parsed).Run(parsed.GetValue(from), parsed.GetValue(seeds)) == 0 ? 0 : 1);

Command replay = new("replay", "Runs one seed again and tells its story.") { seed, profile, minutes, planted, whole };
replay.SetAction(parsed => Tell(Run.Once(OptionsOf(parsed) with
{
    Listener = parsed.GetValue(whole) ? Console.WriteLine : null,
    Planted = parsed.GetValue(planted) is null ? null : PlantedOf(parsed).First(),
})));

Command shrink = new("shrink", "Looks for a smaller run that fails in the same way, and tells it.") { seed, profile, minutes };
shrink.SetAction(parsed => Tell(Shrinker.Shrink(OptionsOf(parsed), Console.WriteLine)));

Command mutations = new("mutations", "Plants bugs; says which seed finds each first.") { seeds, profile, minutes, planted };
mutations.SetAction(parsed => CampaignOf(parsed).Plant(PlantedOf(parsed), parsed.GetValue(seeds)) == 0 ? 0 : 1);

return new RootCommand("The adversary: a simulated cluster of the real mall.") { run, replay, shrink, mutations }
    .Parse(args).Invoke();

TimeSpan DurationOf(ParseResult parsed) => TimeSpan.FromMinutes(parsed.GetValue(minutes));
Campaign CampaignOf(ParseResult parsed) => new(parsed.GetValue(profile)!, DurationOf(parsed), Console.WriteLine);
RunOptions OptionsOf(ParseResult parsed) => new(parsed.GetValue(seed), parsed.GetValue(profile)!, DurationOf(parsed));
IEnumerable<Mutation> PlantedOf(ParseResult parsed) =>
    Mutation.All.Where(bug => bug.Name.Contains(parsed.GetValue(planted) ?? "", StringComparison.Ordinal));

static int Tell(RunResult result)
{
    if (result.Options.Listener is null) foreach (var line in result.Story) Console.WriteLine(line);
    Console.WriteLine($"seed {result.Options.Seed}, hash {result.Hash:x16}, {result.Plan}");
    foreach (var (fault, count) in result.Faults) Console.WriteLine($"  {fault}: {count}");
    foreach (var failure in result.Failures) Console.WriteLine($"FAILS: {failure}");
    return result.Failures.Count == 0 ? 0 : 1;
}
