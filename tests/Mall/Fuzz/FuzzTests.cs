using Mall.Tests.Installations;

namespace Mall.Tests.Fuzz;

/// <summary>
/// The whole surface, REST and gRPC, under requests that are nearly good. No answer says that the mall has failed, none takes
/// long, none that refuses has changed a row, and nothing is logged as an error. <c>MALL_TEST_FUZZ</c> is how many there are;
/// <c>MALL_TEST_SEED</c> plays the same ones again.
/// </summary>
[Collection(nameof(WholeProcesses))]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Sessions = 2;

    [Fact]
    public async Task Requests_OfEveryKindAndBent_NeverTripTheMall()
    {
        var (seed, count) = (Setting.Seed(), Setting.Of("MALL_TEST_FUZZ", 20_000));
        output.WriteLine($"MALL_TEST_SEED={seed}");
        var sessions = Enumerable.Range(0, Sessions).Select(_ => new FuzzSession()).ToList();
        await Task.WhenAll(sessions.Select((session, first) => Task.Run(
            () => session.PlayAsync(seed, Enumerable.Range(0, count).Where(i => i % Sessions == first)))));

        foreach (var outcome in sessions.SelectMany(session => session.Outcomes)
            .GroupBy(outcome => outcome.Key, outcome => outcome.Value).OrderBy(outcome => outcome.Key, StringComparer.Ordinal))
            output.WriteLine($"{outcome.Key}: {outcome.Sum()}");
        Audit.Passes(sessions.SelectMany(session => session.Findings));
        Assert.All(sessions, session =>
        {
            // Requests of which none is good would show little.
            Assert.Contains(session.Outcomes.Keys, outcome => outcome.StartsWith('2'));
            Assert.Contains(session.Outcomes.Keys, outcome => outcome.StartsWith("gRPC 0 ", StringComparison.Ordinal));
            Assert.True(session.HasChanged);
        });
    }
}
