using System.CommandLine;
using System.Globalization;
using Mall.Bench.Measuring;

namespace Mall.Bench;

/// <summary>Options that several benchmarks take, and the kinds of options there are.</summary>
static class RunOptions
{
    public static readonly Option<TimeSpan> Duration = Time(
        "--duration", "How long each turn counts: 10s, 500ms, 2m.", TimeSpan.FromSeconds(6));

    public static readonly Option<TimeSpan> Warmup = Time(
        "--warmup", "How long each turn runs before it counts.", TimeSpan.FromSeconds(8));

    public static readonly Option<int> Rounds = AtLeastOne(
        "--rounds", "How often all that is compared take turns, each turn with fresh processes; the medians are reported.", 3);

    /// <summary>The options of benchmarks that compare in turns.</summary>
    public static IEnumerable<Option> OfTurns => [Duration, Warmup, Rounds];

    /// <summary>Lets all take turns as these options say.</summary>
    public static Task<Findings> TakeTurnsAsync(
        IReadOnlyList<Contestant> contestants, ParseResult options, CancellationToken cancellationToken) => Turn.TakeAllAsync(
        contestants, options.GetValue(Warmup), options.GetValue(Duration), options.GetValue(Rounds), cancellationToken);

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print the report as JSON and nothing else to standard output.",
    };

    public static readonly Option<string> Folder = new("--folder")
    {
        Description = "Where database files are made, and removed at the end.",
        DefaultValueFactory = _ => "data",
    };

    /// <summary>An option for a count.</summary>
    public static Option<int> AtLeastOne(string name, string description, int byDefault, params string[] aliases)
    {
        var option = new Option<int>(name, aliases) { Description = description, DefaultValueFactory = _ => byDefault };
        option.Validators.Add(result =>
        {
            if (result.GetValue(option) < 1)
                result.AddError($"{name} must be at least 1.");
        });
        return option;
    }

    /// <summary>An option for a length of time: a number with <c>ms</c>, <c>s</c> or <c>m</c> after it, or of seconds.</summary>
    public static Option<TimeSpan> Time(string name, string description, TimeSpan byDefault) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => byDefault,
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (TryParseTime(text, out var time))
                return time;
            result.AddError($"{name} takes a length of time such as 10s, 500ms or 2m, not '{text}'.");
            return default;
        },
    };

    internal static bool TryParseTime(string text, out TimeSpan time)
    {
        var (number, unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], TimeSpan.FromMilliseconds(1)),
            _ when text.EndsWith('s') => (text[..^1], TimeSpan.FromSeconds(1)),
            _ when text.EndsWith('m') => (text[..^1], TimeSpan.FromMinutes(1)),
            _ => (text, TimeSpan.FromSeconds(1)),
        };
        var ok = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
            && value * unit.TotalDays <= 1;
        time = ok ? value * unit : default;
        return ok;
    }
}
