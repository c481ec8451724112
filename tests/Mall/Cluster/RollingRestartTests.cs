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
    private const int Shoppers = 8;
    private const int OrdersBetween = 200;
    private const long Plenty = 10_000_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task RollingRestart_UnderLoad_FailsNoRequest(DatabaseKind kind)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(4 * s_patience);
        await using var cluster = await ClusterInstallation.OpenAsync(kind, Silos, frontDoors: 2, stop.Token);
        using var seller = await Seller.OpenShopAsync(cluster, Enumerable.Repeat(Plenty, 12), stop.Token);
        var shoppers = await Shopper.ArriveAsync(cluster, Shoppers, stop.Token);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var people = Task.WhenAll(
            shoppers.Select((s, i) => s.ShopAsync([.. seller.Supplied.Keys], new Random(i), closing.Token, stop.Token)));

        await UntilAnsweredAsync(OrdersBetween);
        for (var silo = 0; silo < Silos; silo++)
        {
            var since = Stopwatch.GetTimestamp();
            Assert.Equal(0, await cluster.RestartAsync(silo, s_patience, stop.Token));
            var (away, answered) = (Stopwatch.GetElapsedTime(since), shoppers.Sum(s => s.Purchases.Count));
            output.WriteLine(FormattableString.Invariant(
                $"silo {silo} was away for {away.TotalSeconds:0.0} s, {answered} orders answered"));
            await UntilAnsweredAsync(OrdersBetween);
        }

        await closing.CancelAsync();
        await people.WaitAsync(s_patience, stop.Token);
        await Aftermath.UntilSagasHaveEndedAsync(() => Books.Open(cluster.Connect()), stop.Token);

        var purchases = shoppers.SelectMany(s => s.Purchases).ToList();
        output.WriteLine($"{purchases.Count} orders, {shoppers.Sum(s => s.Unanswered)} requests left without an answer");
        using var books = Books.Open(cluster.Connect());
        Audit.Passes(books.Missing(purchases));
        Audit.Passes(books.Discrepancies(seller.Supplied));
        Audit.Passes(purchases.Where(p => !p.IsAcknowledged).Select(p => $"{p}"));
        Assert.Equal(books.Orders(status: 0), purchases.Count);
        var troubles = shoppers.SelectMany(s => s.Troubles).ToList();
        if (troubles.Count != 0) output.WriteLine(cluster.Tails());
        // Where the machine is so busy that a silo is taken for dead, that silo stops serving, and that is no restart's fault.
        if (cluster.Revivals > 0)
            output.WriteLine("A silo was taken for dead: this machine was too busy to show more than the books.");
        else Audit.Passes(troubles);

        async Task UntilAnsweredAsync(int more)
        {
            var enough = shoppers.Sum(s => s.Purchases.Count) + more;
            while (shoppers.Sum(s => s.Purchases.Count) < enough) await Task.Delay(20, stop.Token);
        }
    }
}
