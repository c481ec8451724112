using System.Diagnostics;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>A silo that does nothing until it is taken for dead, in the middle of whatever it did, and then goes on.</summary>
[Collection(nameof(WholeProcesses))]
public sealed class HangTests(ITestOutputHelper output)
{
    private const int Silos = 3;
    private const int OrdersBetween = 100;
    private static readonly TimeSpan s_takenOverWithin = TimeSpan.FromSeconds(40);

    [Theory]
    [MemberData(nameof(ClusterInstallation.Kinds), MemberType = typeof(ClusterInstallation))]
    public async Task Silo_ThatHungUntilItWasDeclaredDead_WritesNothingOfWhatOthersHaveTakenOver(DatabaseKind kind)
    {
        using var stop = ClusterInstallation.PatienceFor(kind);
        await using var cluster = await ClusterInstallation.OpenAsync(kind, Silos, frontDoors: 2, stop.Token);
        using var trade = await cluster.TradeAsync(shoppers: 8, stop.Token);
        var buyer = await trade.InviteBuyerAsync(cluster);
        var watch = new ProductWatch(cluster.Connect);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var watching = watch.WatchAsync(closing.Token);
        trade.Begin(seed: 0);
        await trade.UntilAnsweredAsync(OrdersBetween);
        var handovers = watch.Handovers;

        // Where products live is Orleans' affair; a silo that has none shows nothing, and the next one is asked.
        var hung = 0;
        while (watch.Handovers == handovers && hung < Silos)
        {
            await HangAsync(
                cluster, hung++, () => buyer.OrderAsync([.. trade.Products.Select(id => (id, 1L))], stop.Token), stop.Token);
            await trade.UntilAnsweredAsync(OrdersBetween);
        }

        await trade.EndAsync();
        await closing.CancelAsync();
        await watching;
        await trade.AuditAsync(output.WriteLine);
        Audit.Passes(watch.Findings);
        Assert.True(watch.Handovers > handovers, "No product changed hands, so this test has shown nothing.");
        Assert.Equal(hung, cluster.Revivals); // Each was declared dead, and knew.
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
