using System.Text.RegularExpressions;

namespace Mall.Simulation;

/// <summary>
/// Promises that the mall does not keep yet, each with the sentences in which a run complains of it. Whoever mends one takes it
/// out here, and from then on it is a failure like any other.
/// </summary>
public static partial class KnownFailures
{
    private static readonly (string Name, Func<string, bool> IsIt)[] s_known =
    [
        ("a key repeated after the clean-up is decided anew, or fails", LostKey.IsMatch),
        ("a repeated adjustment is answered with the stock of today", TodaysStock.IsMatch),
        ("a refusal whose answer was lost is repeated in other words", OtherWords.IsMatch),
        ("a request that is refused before it has begun becomes an order by its repeat", RefusedAndPlaced.IsMatch),
        ("of two bodies at once under one key, one hears the refusal of the other", HearsOfOther),
    ];

    [GeneratedRegex(
        "^The front door answers 500: UnreachableException: Inserting saga .* and no row is there|^KeyForEver: (order|user)-")]
    private static partial Regex LostKey { get; }

    [GeneratedRegex(@"^KeyForEver: \d+ seller-\d+-\d+: ")]
    private static partial Regex TodaysStock { get; }

    [GeneratedRegex("^NothingTwice: order-.* was answered (20000|30000)[0-9] .*, and the order stands")]
    private static partial Regex RefusedAndPlaced { get; }

    [GeneratedRegex("^RefusalTrue: .* was refused: 600002 Branch ")]
    private static partial Regex OtherWords { get; }

    [GeneratedRegex(
        @"^RefusalTrue: .*order by \d+ of (?<body>[^)]*), at .* was refused: 30000\d .*?product (?<id>\d+)",
        RegexOptions.IgnoreCase)]
    private static partial Regex RefusedOrder { get; }

    /// <summary>Null for what nobody expects.</summary>
    public static string? NameOf(string failure) => Array.Find(s_known, known => known.IsIt(failure)).Name;

    private static bool HearsOfOther(string failure) =>
        RefusedOrder.Match(failure) is { Success: true } refused
        && !refused.Groups["body"].Value.Split(", ").Any(
            line => line.EndsWith($" x {refused.Groups["id"]}", StringComparison.Ordinal));
}
