using System.Diagnostics;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>
/// Silos die by kill -9 while front doors in processes of their own wait for them. A client sees one answer and a pause, not the
/// time after which Orleans gives a call up. <c>MALL_TEST_KILLS</c> is how often one dies (3).
/// </summary>
[Collection(nameof(StandingCluster))]
public sealed class FailoverTests(StandingCluster standing, ITestOutputHelper output)
{
    private const int Silos = StandingCluster.Silos;
    private const int OrdersBetween = 100;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(4);

    [Theory]
    [MemberData(nameof(ClusterInstallation.Kinds), MemberType = typeof(ClusterInstallation))]
    public Task Order_WhenASiloThatWorksOnItIsKilled_IsAnsweredAfterAPause(DatabaseKind kind) =>
        standing.UseAsync(kind, KillAsync);

    private async Task KillAsync(ClusterInstallation cluster, Trade trade, CancellationToken stop)
    {
        var kills = Setting.Of("MALL_TEST_KILLS", 3);
        var pauses = new List<TimeSpan>();
        trade.Begin(seed: 0);
        for (var kill = 0; kill < kills; kill++)
        {
            await trade.UntilAnsweredAsync(OrdersBetween);
            var killedAt = Stopwatch.GetTimestamp();
            await cluster.Silo(kill % Silos).KillAsync();
            while (trade.Shoppers.Any(s => s.Purchases.LastOrDefault()?.AskedAt is not { } at || at < killedAt))
                await Task.Delay(20, stop);
            pauses.Add(trade.Purchases.Where(p => p.AskedAt < killedAt && killedAt < p.AnsweredAt)
                .Select(p => Stopwatch.GetElapsedTime(killedAt, p.AnsweredAt)).Max());
            await cluster.StartAgainAsync(kill % Silos, stop);
        }

        await trade.EndAsync();
        pauses.Sort();
        output.WriteLine(
            "pauses: " + string.Join(' ', pauses.Select(p => FormattableString.Invariant($"{p.TotalSeconds:0.00}"))));
        if (pauses[^1] > s_longestPause || trade.Unanswered > 0) output.WriteLine(cluster.Tails());
        await trade.AuditAsync(output.WriteLine);
        Assert.InRange(pauses[^1], TimeSpan.Zero, s_longestPause);
        Audit.Passes(trade.Troubles);
    }
}
