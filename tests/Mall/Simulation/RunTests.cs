using System.Diagnostics;
using System.Text.RegularExpressions;
using Mall.Simulation;

namespace Mall.Tests.Simulation;

/// <summary>Whole malls from a seed: the same seed is the same run, and no run breaks a promise that is kept so far.</summary>
public sealed partial class RunTests(ITestOutputHelper output)
{
    private const int FixedSeeds = 6;
    private const int FreshSeeds = 4;

    [GeneratedRegex("hash ([0-9a-f]{16})")]
    private static partial Regex Hash { get; }

    [Theory]
    [InlineData("calm")]
    [InlineData("storm")]
    [InlineData("mix")]
    public async Task Run_WithTheSameSeed_IsTheSameRun_AlsoInAnotherProcess(string profile)
    {
        var options = new RunOptions(7, profile, TimeSpan.FromMinutes(2));
        var hash = Run.Once(options).Hash;

        Assert.Equal(hash, Run.Once(options).Hash);
        Assert.NotEqual(hash, Run.Once(options with { Seed = 8 }).Hash);
        Assert.Equal($"{hash:x16}", await HashInAnotherProcessAsync(profile));
    }

    [Theory]
    [InlineData("calm")]
    [InlineData("locks")]
    public void Run_WhereNothingElseGoesWrong_AnswersEverybodySoon_ButWhoWantsALockedRow(string profile) =>
        // 2 and 32: many wait for one row, and while they were gone through by halves nobody else could commit.
        Assert.All((int[])[1, 2, 3, 32], seed =>
            Assert.Empty(Run.Once(new RunOptions(seed, profile, TimeSpan.FromMinutes(8))).Failures));

    [Fact]
    public void Runs_OfTheMix_KeepWhatIsPromised()
    {
        var seeds = Enumerable.Range(1, FixedSeeds).Concat(Enumerable.Range(0, FreshSeeds).Select(_ => Random.Shared.Next()));
        foreach (var seed in seeds)
        {
            output.WriteLine($"replay --profile mix --seed {seed}");
            Assert.Empty(Run.Once(new RunOptions(seed, "mix", TimeSpan.FromMinutes(8))).Failures);
        }
    }

    private static async Task<string> HashInAnotherProcessAsync(string profile)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string[] arguments = [typeof(Run).Assembly.Location, "replay", "--seed", "7", "--profile", profile, "--minutes", "2"];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var other = Process.Start(start)!;
        var told = await other.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        return Hash.Match(told).Groups[1].Value;
    }
}
