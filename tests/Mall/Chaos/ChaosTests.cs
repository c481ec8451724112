using Mall.TestServers;
using Mall.Tests.Installations;
using Mall.Tests.Transactions.Bank;

namespace Mall.Tests.Chaos;

/// <summary>
/// Three silos, two front doors, one database, all of them real processes; customers shop while silos are killed, hang and come
/// back, and while the database restarts; and services have transactions of every kind managed. Customers see pauses and nothing
/// else; afterwards the books are audited, the mall's and the services'.
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
    private static readonly TimeSpan s_drainsWithin = TimeSpan.FromSeconds(90);

    /// <summary>Besides the load: starting everything, waiting for sagas, the audit. Then the run is stuck, and fails.</summary>
    private static readonly TimeSpan s_allowance = TimeSpan.FromMinutes(7);

    private static TimeSpan Length => TimeSpan.FromSeconds(Setting.Of("MALL_CHAOS_SECONDS", 60));

    [Theory]
    [MemberData(nameof(ClusterInstallation.Kinds), MemberType = typeof(ClusterInstallation))]
    public async Task Chaos_AmongSilosAndDatabaseUnderLoad_LosesNothingAndDoublesNothing(DatabaseKind kind)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var first = Setting.Seed();
        for (var seed = first; seed < first + Setting.Of("MALL_CHAOS_SEEDS", 1); seed++)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            stop.CancelAfter(Length + s_allowance);
            Tell($"MALL_TEST_SEED={seed} on {kind}");
            await using var cluster = await ClusterInstallation.OpenAsync(
                kind, Silos, FrontDoors, null, stop.Token, "--dtm-retry", "00:00:01");
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
        // Of the first two more comes in all the time; the third runs out.
        using var trade = await cluster.TradeAsync([10, 60, 5, .. Enumerable.Repeat(Plenty, Products - 3)], Shoppers, stop);
        var watch = new ProductWatch(cluster.Connect);
        var writes = new ProductWrites(cluster.Server.Kind, cluster.Connect);
        await writes.WatchAsync(stop);

        using var closed = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var watching = watch.WatchAsync(closed.Token);
        await using var bank = await BankServices.OpenAsync(seed, stop);
        using var clients = new BankClients(bank, () => cluster.Manager, closed.Token);
        var transactions = new BankTrade(bank, clients, "chaos", closed.Token);
        try
        {
            transactions.Begin();
            var shopping = ShopInChaosAsync(cluster, trade, seed, closed.Token);
            await await Task.WhenAny(shopping, cluster.WatchDoorsAsync(closed.Token));
            await transactions.AuditAsync(Tell);
            await trade.AuditAsync(Tell, isScarce: true);
        }
        finally
        {
            await closed.CancelAsync();
            await watching;
        }

        var changedAnswers = await Aftermath.AskAgainAsync(trade.Shoppers, 5, new Random(seed), stop);
        var complaints = await cluster.CloseAsync(s_drainsWithin);

        var trespasses = writes.Findings(out var count);
        Tell(
            $"the products were written {count} times, looked at {watch.Looks} times, and changed hands {watch.Handovers} times");
        Assert.True(count > 0, "No write to a product was seen, so nobody knows who made them.");
        Audit.Passes(trespasses);
        Audit.Passes(watch.Findings);
        Audit.Passes(changedAnswers);
        Audit.Passes(complaints);
        Assert.True(watch.Handovers > 0, "No product changed hands, so the run has shown nothing.");
    }

    /// <summary>Everybody shops while the plan is played, and is answered when all is well again.</summary>
    private async Task ShopInChaosAsync(ClusterInstallation cluster, Trade trade, int seed, CancellationToken stop)
    {
        var plan = ChaosPlan.Of(seed, Silos, Length, s_hang);
        foreach (var step in plan)
            Tell($"planned  {step}");
        var takeovers = new Takeovers(trade.Seller, [.. trade.Products.Skip(3)]);
        var run = new ChaosRun(cluster, takeovers, what => Tell($"{what}, {trade.Answered} orders answered"));
        trade.Begin(seed, delivered: 2);
        await Task.WhenAll(run.PlayAsync(plan, stop), Task.Delay(Length, stop));
        await trade.UntilRefusedAsync();
        await trade.LeaveAsync();
        await trade.EndAsync();
        foreach (var line in takeovers.Summary())
            Tell(line);
        Tell($"silos ended themselves {cluster.Revivals} times");
    }

    /// <summary>What is to be seen without a failure, too: an ordinary <c>dotnet test</c> prints what is told this way.</summary>
    private void Tell(string line)
    {
        output.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage("{0}", line);
    }
}
