using System.Diagnostics;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>An upgrade: every silo ends and starts again, one after the other, while people shop. They do not notice.</summary>
[Collection(nameof(StandingCluster))]
public sealed class RollingRestartTests(StandingCluster standing, ITestOutputHelper output)
{
    private const int OrdersBetween = 200;

    [Theory]
    [MemberData(nameof(ClusterInstallation.Kinds), MemberType = typeof(ClusterInstallation))]
    public Task RollingRestart_UnderLoad_FailsNoRequest(DatabaseKind kind) => standing.UseAsync(kind, RestartAsync);

    private async Task RestartAsync(ClusterInstallation cluster, Trade trade, CancellationToken stop)
    {
        var before = cluster.Revivals;
        trade.Begin(seed: 0);

        await trade.UntilAnsweredAsync(OrdersBetween);
        for (var silo = 0; silo < StandingCluster.Silos; silo++)
        {
            var since = Stopwatch.GetTimestamp();
            Assert.Equal(0, await cluster.EndAsync(silo));
            var ended = Stopwatch.GetElapsedTime(since);
            await cluster.StartAgainAsync(silo, stop);
            output.WriteLine(FormattableString.Invariant(
                $"""
                silo {silo} ended within {ended.TotalSeconds:0.0} s,
                and was back after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0},
                {trade.Answered} orders answered
                """));
            await trade.UntilAnsweredAsync(OrdersBetween);
        }

        await trade.EndAsync();
        await trade.AuditAsync(output.WriteLine);
        if (trade.Unanswered != 0) output.WriteLine(cluster.Tails());
        var revived = cluster.Revived.Skip(before).ToList();
        foreach (var (number, why) in revived) output.WriteLine($"silo {number} ended itself: {why}");

        // Where the machine is so busy that the others vote a silo dead, that silo stops serving, and that is no restart's fault.
        Audit.Passes(revived.Count > 0 ? ClusterInstallation.FaultsOf(revived) : trade.Troubles);
    }
}
