using System.Diagnostics;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>An upgrade: every silo ends and starts again, one after the other, while people shop. They do not notice.</summary>
[Collection(nameof(WholeProcesses))]
public sealed class RollingRestartTests(ITestOutputHelper output)
{
    private const int Silos = 3;
    private const int OrdersBetween = 200;

    [Theory]
    [MemberData(nameof(ClusterInstallation.Kinds), MemberType = typeof(ClusterInstallation))]
    public async Task RollingRestart_UnderLoad_FailsNoRequest(DatabaseKind kind)
    {
        using var stop = ClusterInstallation.PatienceFor(kind);
        await using var cluster = await ClusterInstallation.OpenAsync(kind, Silos, frontDoors: 2, stop.Token);
        using var trade = await cluster.TradeAsync(shoppers: 8, stop.Token);
        trade.Begin(seed: 0);

        await trade.UntilAnsweredAsync(OrdersBetween);
        for (var silo = 0; silo < Silos; silo++)
        {
            var since = Stopwatch.GetTimestamp();
            Assert.Equal(0, await cluster.EndAsync(silo));
            var ended = Stopwatch.GetElapsedTime(since);
            await cluster.StartAgainAsync(silo, stop.Token);
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
        // Where the machine is so busy that a silo is taken for dead, that silo stops serving, and that is no restart's fault.
        if (cluster.Revivals > 0)
            output.WriteLine("A silo was taken for dead: this machine was too busy to show more than the books.");
        else Audit.Passes(trade.Troubles);
    }
}
