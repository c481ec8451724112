using System.Diagnostics;

namespace Mall.Tests.Dashboard;

/// <summary>A real Prometheus watches a real cluster by what <c>deploy/prometheus</c> says.</summary>
[Collection(nameof(WatchedSite))]
[Turn(1)]
public sealed class AlertTests(WatchedSite site, ITestOutputHelper output)
{
    [Fact]
    public async Task Alerts_fire_for_a_silo_that_is_killed_a_saga_that_is_parked_and_a_database_that_stops_and_for_nothing_else()
    {
        if (Prometheus.WhyMissing is { } reason) Assert.Skip(reason);
        var watched = await site.OpenAsync();
        var (cluster, prometheus, stop) = (watched.Cluster, watched.Prometheus!, watched.Stop);
        var clock = Stopwatch.StartNew();
        const string parked = "MallSagaParked";
        const int silo = 2;

        // Nobody has been woken for nothing while the cluster started and people shopped; other tests may have killed a silo.
        var explained = watched.Killed.Select(Down).Append(parked).ToHashSet();
        Assert.Subset(explained, await prometheus.EverFiredAsync(stop));

        await watched.KillSiloAsync(silo);
        explained.Add(Down(cluster.BackDoors[silo]));
        await prometheus.UntilFiringAsync([Down(cluster.BackDoors[silo])], stop);
        Note("the silo is missed");
        await cluster.StartAgainAsync(silo, stop);
        await prometheus.UntilFiringAsync([parked], stop);
        Note("the saga is told of");
        await prometheus.UntilNothingFiresButAsync([parked], stop);
        Note("the silo is back");
        Assert.Subset(explained, await prometheus.EverFiredAsync(stop));

        await cluster.Server.StopAsync();
        await prometheus.UntilFiringAsync([.. cluster.BackDoors.Select(NotCommitting)], stop);
        Note("the database is missed");
        await cluster.Server.StartAgainAsync();
        await watched.Trade.UntilAnsweredAsync(10);
        Note("people shop again");
        await prometheus.UntilNothingFiresButAsync([parked], stop);
        Note("all is quiet");
        explained.UnionWith(cluster.BackDoors.Select(NotCommitting));
        explained.Add("MallErrors"); // Orders were answered with 503 meanwhile.
        Assert.Subset(explained, await prometheus.EverFiredAsync(stop));

        void Note(string what) => output.WriteLine(FormattableString.Invariant($"{clock.Elapsed.TotalSeconds:0.0} s: {what}"));
    }

    private static string Down(string instance) => $"MallProcessDown {instance}";

    private static string NotCommitting(string instance) => $"MallNotCommitting {instance}";
}
