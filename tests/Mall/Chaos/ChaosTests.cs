using System.Globalization;
using Mall.TestServers;
using Mall.Tests.Installations;

namespace Mall.Tests.Chaos;

/// <summary>
/// Three silos, two front doors, one database, all of them real processes; customers shop while silos are killed, hang and come
/// back, and while the database restarts. Customers see pauses and nothing else; afterwards the books are audited.
/// <para>
/// <c>MALL_TEST_SEED</c> repeats what was done, as far as a whole machine can be repeated; <c>MALL_CHAOS_SECONDS</c> is the
/// length of the load (60), <c>MALL_CHAOS_SEEDS</c> how many seeds are played, one after the other (1).
/// </para>
/// </summary>
[Collection(nameof(WholeProcesses))]
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int Silos = 3;
    private const int FrontDoors = 2;
    private const int Shoppers = 16;
    private const int Products = 12;
    private const long Plenty = 10_000_000;
    private static readonly TimeSpan s_hang = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_answersWithin = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan s_drainsWithin = TimeSpan.FromSeconds(30);

    /// <summary>Besides the load: starting everything, waiting for sagas, the audit. Then the run is stuck, and fails.</summary>
    private static readonly TimeSpan s_allowance = TimeSpan.FromMinutes(4);

    private static TimeSpan Length => TimeSpan.FromSeconds(Setting("MALL_CHAOS_SECONDS", 60));

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Chaos_AmongSilosAndDatabaseUnderLoad_LosesNothingAndDoublesNothing(DatabaseKind kind)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var first = Seed.Take();
        for (var seed = first; seed < first + Setting("MALL_CHAOS_SEEDS", 1); seed++)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            stop.CancelAfter(Length + s_allowance);
            Tell($"MALL_TEST_SEED={seed} on {kind}");
            await using var cluster = await ClusterInstallation.OpenAsync(kind, Silos, FrontDoors, stop.Token);
            try
            {
                await RunAsync(cluster, seed, stop.Token);
            }
            catch
            {
                output.WriteLine(cluster.Tails());
                throw;
            }
        }
    }

    private async Task RunAsync(ClusterInstallation cluster, int seed, CancellationToken stop)
    {
        using var seller = await Seller.OpenShopAsync(cluster, [10, 60, .. Enumerable.Repeat(Plenty, Products - 2)], stop);
        var shoppers = await Shopper.ArriveAsync(cluster, Shoppers, stop);
        var watch = new ProductWatch(cluster.Connect);
        var writes = new ProductWrites(cluster.Server.Kind, cluster.Connect);
        await writes.WatchAsync(stop);

        using var closed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watching = watch.WatchAsync(closed.Token);
        try
        {
            var shopping = ShopInChaosAsync(cluster, seller, shoppers, seed, closed.Token);
            await await Task.WhenAny(shopping, cluster.WatchDoorsAsync(closed.Token));
            await Aftermath.UntilSagasHaveEndedAsync(() => Books.Open(cluster.Connect()), stop);
        }
        finally
        {
            await closed.CancelAsync();
            await watching;
        }

        var changedAnswers = await Aftermath.AskAgainAsync(shoppers, 5, new Random(seed), stop);
        var complaints = await cluster.CloseAsync(s_drainsWithin);

        var trespasses = writes.Findings(out var count);
        Tell(
            $"the products were written {count} times, looked at {watch.Looks} times, and changed hands {watch.Handovers} times");
        Audit.Passes(trespasses);
        Audit.Passes(watch.Findings);
        AuditBooks(cluster, seller, shoppers);
        Audit.Passes(changedAnswers);
        Audit.Passes(complaints);
        Assert.True(watch.Handovers > 0, "No product changed hands, so the run has shown nothing.");
    }

    /// <summary>
    /// Everybody shops while the plan is played. At the end a quarter of the shoppers walk away from orders that nobody will ask
    /// for again: what was durable of them must end by itself.
    /// </summary>
    private async Task ShopInChaosAsync(
        ClusterInstallation cluster, Seller seller, IReadOnlyList<Shopper> shoppers, int seed, CancellationToken stop)
    {
        var products = seller.Supplied.Keys.Order().ToList();
        var plan = ChaosPlan.Of(seed, Silos, Length, s_hang);
        foreach (var step in plan)
            Tell($"planned  {step}");
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var people = shoppers.Select((s, i) =>
            s.ShopAsync(products, new Random(seed + i), closing.Token, i % 4 == 0 ? leaving.Token : stop)).ToList();
        people.Add(seller.DeliverAsync(products[..2], new Random(seed - 1), closing.Token, stop));

        var takeovers = new Takeovers(seller, products[2..]);
        var run = new ChaosRun(
            cluster, takeovers, what => Tell($"{what}, {shoppers.Sum(s => s.Purchases.Count)} orders answered"));
        await Task.WhenAll(run.PlayAsync(plan, stop), Task.Delay(Length, stop));
        await leaving.CancelAsync();
        await closing.CancelAsync();
        await UntilAnsweredAsync(Task.WhenAll(people), cluster, shoppers);
        foreach (var line in takeovers.Summary())
            Tell(line);
    }

    /// <summary>All is well again, so everybody who still waits for an answer gets one.</summary>
    private static async Task UntilAnsweredAsync(Task people, ClusterInstallation cluster, IEnumerable<Shopper> shoppers)
    {
        if (await Task.WhenAny(people, Task.Delay(s_answersWithin)) == people)
        {
            await people;
            return;
        }

        using var books = Books.Open(cluster.Connect());
        Audit.Passes(
        [
            $"not everybody was answered within {s_answersWithin}", .. books.UnendedSagas(),
            .. shoppers.Select(s => s.LastTrouble),
        ]);
    }

    private void AuditBooks(ClusterInstallation cluster, Seller seller, IReadOnlyList<Shopper> shoppers)
    {
        using var books = Books.Open(cluster.Connect());
        var purchases = shoppers.SelectMany(s => s.Purchases).ToList();
        var acknowledged = purchases.Count(p => p.IsAcknowledged);
        var abandoned = shoppers.Sum(s => s.Abandoned);
        Tell(
            $"{acknowledged} orders acknowledged, {shoppers.Sum(s => s.Read)} of them read back, "
            + $"{purchases.Count - acknowledged} refused, {abandoned} given up, "
            + $"{shoppers.Sum(s => s.Unanswered)} requests left without an answer");
        Audit.Passes(books.Missing(purchases));
        Audit.Passes(books.Discrepancies(seller.Supplied));
        Audit.Passes(shoppers.SelectMany(s => s.Misreadings));
        Audit.Passes(purchases.Where(p => !p.IsAcknowledged && p.Answer.Code != ErrorCodes.NotEnoughStock).Select(p => $"{p}"));
        Assert.InRange(books.Orders(status: 0), acknowledged, acknowledged + abandoned);
        Assert.NotEqual(0, acknowledged);
        Assert.NotEqual(acknowledged, purchases.Count);
    }

    /// <summary>What is to be seen without a failure, too: an ordinary <c>dotnet test</c> prints what is told this way.</summary>
    private void Tell(string line)
    {
        output.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage("{0}", line);
    }

    private static int Setting(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var given) && given > 0
            ? given
            : otherwise;
}
