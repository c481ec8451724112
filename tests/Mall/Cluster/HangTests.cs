using System.Diagnostics;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>A silo that does nothing until it is taken for dead, in the middle of whatever it did, and then goes on.</summary>
[Collection(nameof(StandingCluster))]
public sealed class HangTests(StandingCluster standing, ITestOutputHelper output)
{
    private const int OrdersBetween = 100;
    private static readonly TimeSpan s_takenOverWithin = TimeSpan.FromSeconds(40);

    [Theory]
    [MemberData(nameof(ClusterInstallation.Kinds), MemberType = typeof(ClusterInstallation))]
    public Task Silo_ThatHungUntilItWasDeclaredDead_WritesNothingOfWhatOthersHaveTakenOver(DatabaseKind kind) =>
        standing.UseAsync(kind, HangInTurnAsync);

    private async Task HangInTurnAsync(ClusterInstallation cluster, Trade trade, CancellationToken stop)
    {
        var revivals = cluster.Revivals;
        var buyer = await trade.InviteBuyerAsync(cluster);
        var watch = new ProductWatch(cluster.Connect);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watching = watch.WatchAsync(closing.Token);
        trade.Begin(seed: 0);
        await trade.UntilAnsweredAsync(OrdersBetween);
        var handovers = watch.Handovers;

        // Where products live is Orleans' affair; a silo that has none shows nothing, and the next one is asked.
        var hung = 0;
        while (watch.Handovers == handovers && hung < StandingCluster.Silos)
        {
            await HangAsync(
                cluster, hung++, () => buyer.OrderAsync([.. trade.Products.Select(id => (id, 1L))], stop), stop);
            await trade.UntilAnsweredAsync(OrdersBetween);
        }

        await trade.EndAsync();
        await closing.CancelAsync();
        await watching;
        await trade.AuditAsync(output.WriteLine);
        Audit.Passes(watch.Findings);
        Assert.True(watch.Handovers > handovers, "No product changed hands, so this test has shown nothing.");
        foreach (var (number, why) in cluster.Revived.Skip(revivals)) output.WriteLine($"silo {number} ended itself: {why}");
        Assert.Equal(hung, cluster.Revivals - revivals); // Each was declared dead, and knew.
    }

    private async Task HangAsync(ClusterInstallation cluster, int silo, Func<Task> orderOfAll, CancellationToken stop)
    {
        var before = await cluster.GenerationOfAsync(silo, stop);
        var since = Stopwatch.GetTimestamp();
        cluster.Silo(silo).Suspend();
        await orderOfAll();
        var away = Stopwatch.GetElapsedTime(since);
        while (await cluster.GenerationOfAsync(silo, stop) is not null) await Task.Delay(20, stop);
        var dead = Stopwatch.GetElapsedTime(since);
        cluster.Silo(silo).Continue();
        since = Stopwatch.GetTimestamp();
        while (!(await cluster.GenerationOfAsync(silo, stop) > before)) await Task.Delay(20, stop);
        output.WriteLine(FormattableString.Invariant(
            $"""
            everything could be ordered again {away.TotalSeconds:0.0} s after it was stopped, it was declared dead after
            {dead.TotalSeconds:0.0} s, and was back {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s after it went on
            """));
        Assert.InRange(away, TimeSpan.Zero, s_takenOverWithin);
    }
}
