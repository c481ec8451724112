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
    private const long Plenty = 10_000_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Silo_ThatHungUntilItWasDeclaredDead_WritesNothingOfWhatOthersHaveTakenOver(DatabaseKind kind)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(4 * s_patience);
        await using var cluster = await ClusterInstallation.OpenAsync(kind, Silos, frontDoors: 2, stop.Token);
        using var seller = await Seller.OpenShopAsync(cluster, Enumerable.Repeat(Plenty, 12), stop.Token);
        var shoppers = await Shopper.ArriveAsync(cluster, 9, stop.Token);
        var buyer = shoppers[^1];
        var before = await cluster.GenerationOfAsync(0, stop.Token);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var watch = new ProductWatch(cluster.Connect);
        var watching = watch.WatchAsync(closing.Token);
        var people = Task.WhenAll(
            shoppers.SkipLast(1)
                .Select((s, i) => s.ShopAsync([.. seller.Supplied.Keys], new Random(i), closing.Token, stop.Token)));
        await UntilAnsweredAsync(OrdersBetween);
        var handovers = watch.Handovers;

        var since = Stopwatch.GetTimestamp();
        cluster.Silo(0).Suspend();
        await TakeOverAsync();
        while (await cluster.GenerationOfAsync(0, stop.Token) is not null) await Task.Delay(20, stop.Token);
        cluster.Silo(0).Continue();
        var continued = Stopwatch.GetTimestamp();
        while (!(await cluster.GenerationOfAsync(0, stop.Token) > before)) await Task.Delay(20, stop.Token);
        output.WriteLine(FormattableString.Invariant(
            $"it was back {Stopwatch.GetElapsedTime(continued).TotalSeconds:0.0} s after it went on"));
        await UntilAnsweredAsync(OrdersBetween);

        await closing.CancelAsync();
        await people.WaitAsync(s_patience, stop.Token);
        await watching;
        await Aftermath.UntilSagasHaveEndedAsync(() => Books.Open(cluster.Connect()), stop.Token);
        var purchases = shoppers.SelectMany(s => s.Purchases).ToList();
        output.WriteLine($"{purchases.Count} orders, {shoppers.Sum(s => s.Unanswered)} requests left without an answer");
        using var books = Books.Open(cluster.Connect());
        Audit.Passes(watch.Findings);
        Audit.Passes(books.Missing(purchases));
        Audit.Passes(books.Discrepancies(seller.Supplied));
        Audit.Passes(shoppers.SelectMany(s => s.Misreadings));
        Audit.Passes(purchases.Where(p => !p.IsAcknowledged).Select(p => $"{p}"));
        Assert.Equal(books.Orders(status: 0), purchases.Count);
        Assert.True(watch.Handovers > handovers, "No product changed hands, so this test has shown nothing.");
        Assert.Equal(1, cluster.Revivals); // It was declared dead, and knew.

        async Task TakeOverAsync()
        {
            await buyer.OrderAsync([.. seller.Supplied.Keys.Select(id => (id, 1L))], stop.Token).WaitAsync(s_patience, stop.Token);
            output.WriteLine(FormattableString.Invariant(
                $"everything could be ordered again {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s after it was stopped"));
        }

        async Task UntilAnsweredAsync(int more)
        {
            var enough = shoppers.Sum(s => s.Purchases.Count) + more;
            while (shoppers.Sum(s => s.Purchases.Count) < enough) await Task.Delay(20, stop.Token);
        }
    }
}
