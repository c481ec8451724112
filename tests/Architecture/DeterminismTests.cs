using System.Text.RegularExpressions;

namespace Mall.Architecture.Tests;

/// <summary>
/// Invariant 9: what the simulator must control is not reached directly. The analyzer of eng/BannedSymbols.txt enforces it;
/// these tests see to it that the analyzer is asked everywhere, and that nobody talks it out of an answer without a reason.
/// </summary>
public sealed partial class DeterminismTests
{
    static readonly string[] s_covered = ["ledger", "grains", "grain-interfaces"];

    public static TheoryData<string> CoveredProjects =>
    [
        "ledger/Mall.Ledger.csproj", "grains/Mall.Grains.csproj", "grain-interfaces/Mall.GrainInterfaces.csproj",
    ];

    /// <summary>What no reason excuses; blocking on a task that has ended is allowed to a line that says so.</summary>
    [GeneratedRegex(
        @"\bTask\.Run\s*\(|\bConfigureAwait\s*\(\s*false|\bThread\.Sleep|\bDateTime\.(Utc)?Now\b"
        + @"|\bDateTimeOffset\.(Utc)?Now\b|\bRandom\.Shared\b|\.GetAwaiter\(\)\.GetResult\(\)(?!.*//)|\bEnvironment\.TickCount")]
    private static partial Regex NeverAllowed { get; }

    [GeneratedRegex(@"^\s*#pragma\s+warning\s+disable\b(?!.*//\s*\S)")]
    private static partial Regex SuppressionWithoutReason { get; }

    [GeneratedRegex(@"RS0030", RegexOptions.IgnoreCase)]
    private static partial Regex BannedSymbolRule { get; }

    [Theory]
    [MemberData(nameof(CoveredProjects))]
    public void Project_AsksTheAnalyzer(string project) =>
        Assert.Contains("<Import Project=\"../eng/BannedSymbols.props\" />", SourceTree.Read(project), StringComparison.Ordinal);

    [Fact]
    public void BuildSettings_DoNotSilenceTheAnalyzer()
    {
        string[] kinds = [".csproj", ".props", ".targets", ".editorconfig"];
        var settings = SourceTree.Files.Where(f => kinds.Contains(Path.GetExtension(f)));

        Findings.AssertNone(settings.Where(f => BannedSymbolRule.IsMatch(SourceTree.Read(f))));
    }

    [Theory]
    [InlineData("M:System.Threading.Tasks.Task.Run(System.Action);")]
    [InlineData("M:System.Threading.Tasks.Task.ConfigureAwait(System.Boolean);")]
    [InlineData("M:System.Threading.Tasks.Task.Delay(System.TimeSpan);")]
    [InlineData("P:System.DateTime.UtcNow;")]
    [InlineData("P:System.DateTimeOffset.UtcNow;")]
    [InlineData("P:System.Random.Shared;")]
    [InlineData("M:System.Guid.NewGuid;")]
    [InlineData("T:System.Threading.Thread;")]
    [InlineData("T:System.Threading.Timer;")]
    public void BannedSymbols_HoldWhatTheInvariantNames(string entry) =>
        Assert.Contains(SourceTree.Lines("eng/BannedSymbols.txt"), line => line.StartsWith(entry, StringComparison.Ordinal));

    [Fact]
    public void Code_HasNothingThatNoReasonExcuses() =>
        Findings.AssertNone(Findings.Of(NeverAllowed, SourceTree.CSharp(s_covered)));

    [Fact]
    public void Suppressions_CarryTheirReasonOnTheSameLine() =>
        Findings.AssertNone(Findings.Of(SuppressionWithoutReason, SourceTree.CSharp()));
}
