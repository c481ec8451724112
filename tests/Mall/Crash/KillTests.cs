using Mall.Tests.Installations;

namespace Mall.Tests.Crash;

/// <summary>
/// The process dies at any moment, and starts again, and again. Customers see pauses and nothing else; afterwards the books are
/// audited. A run is repeated, as far as a whole machine can be, by the seed that it prints.
/// </summary>
[Collection(nameof(WholeProcesses))]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 24;
    private const int Shoppers = 16;
    private const long Plenty = 10_000_000;

    [Fact(Timeout = 240_000)]
    public async Task Kill_AtAnyMomentUnderLoad_LosesNothingAndDoublesNothing()
    {
        var stop = TestContext.Current.CancellationToken;
        var seed = Seed.Take();
        output.WriteLine($"MALL_TEST_SEED={seed}");
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(stop);
        using var seller = await Seller.OpenShopAsync(mall, [10, 60, Plenty, Plenty, Plenty, Plenty], stop);
        var shoppers = await Shopper.ArriveAsync(mall, Shoppers, stop);

        silo = await KillAndRestartAsync(mall, silo, seller, shoppers, seed, stop);
        await Aftermath.UntilSagasHaveEndedAsync(() => Books.Open(mall), stop);
        var changedAnswers = await Aftermath.AskAgainAsync(shoppers, 20, new Random(seed), stop);
        silo.Terminate();
        var exitCode = await silo.ExitCodeAsync(TimeSpan.FromSeconds(30));

        using var books = Books.Open(mall);
        var purchases = shoppers.SelectMany(s => s.Purchases).ToList();
        var acknowledged = purchases.Count(p => p.IsAcknowledged);
        var abandoned = shoppers.Sum(s => s.Abandoned);
        output.WriteLine(
            $"{acknowledged} orders acknowledged, {purchases.Count - acknowledged} refused, {abandoned} given up, "
            + $"{shoppers.Sum(s => s.Unanswered)} requests left without an answer");
        Audit.Passes(books.Missing(purchases));
        Audit.Passes(books.Discrepancies(seller.Supplied));
        Assert.InRange(books.Orders(status: 0), acknowledged, acknowledged + abandoned);
        Audit.Passes(changedAnswers);
        Audit.Passes(shoppers.SelectMany(s => s.Misreadings));
        Audit.Passes(purchases.Where(p => !p.IsAcknowledged && p.Answer.Code != ErrorCodes.NotEnoughStock).Select(p => $"{p}"));
        Assert.Equal(0, exitCode);

        // Else the run has shown nothing: orders were under way when the process died, some were placed, some were refused.
        Assert.True(shoppers.Sum(s => s.Unanswered) > Kills, "The kills hit hardly any request.");
        Assert.InRange(acknowledged, Kills * Shoppers, int.MaxValue);
        Assert.NotEqual(acknowledged, purchases.Count);
    }

    /// <summary>
    /// Kills the silo again and again while everybody shops. At the last kill a quarter of the shoppers walk away from orders
    /// that nobody will ask for again: what was durable of them must end by itself.
    /// </summary>
    /// <returns>The last silo; nobody shops any more.</returns>
    private async Task<SiloProcess> KillAndRestartAsync(
        Installation mall, SiloProcess silo, Seller seller, IReadOnlyList<Shopper> shoppers, int seed, CancellationToken stop)
    {
        var dice = new Random(seed);
        var products = seller.Supplied.Keys.ToList();
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var people = shoppers.Select((s, i) =>
            s.ShopAsync(products, new Random(seed + i), closing.Token, i % 4 == 0 ? leaving.Token : stop)).ToList();
        people.Add(seller.DeliverAsync(products[..2], new Random(seed - 1), closing.Token, stop));

        for (var kill = 1; kill <= Kills; kill++)
        {
            var moment = await MomentToDieAsync(mall, silo, dice, stop);
            if (kill == Kills)
                await leaving.CancelAsync();
            await silo.KillAsync();
            output.WriteLine($"kill {kill}: {moment}, {shoppers.Sum(s => s.Purchases.Count)} orders answered so far");
            if (kill == Kills)
                await closing.CancelAsync();
            silo = mall.Start();
        }

        await mall.UntilServingAsync(silo, stop);
        await Task.WhenAll(people);
        return silo;
    }

    /// <summary>Mostly some time after it serves again; every fourth time while it still starts and recovers.</summary>
    private static async Task<string> MomentToDieAsync(Installation mall, SiloProcess silo, Random dice, CancellationToken stop)
    {
        if (dice.Next(4) == 0)
        {
            var sinceStart = dice.Next(50, 1000);
            await Task.Delay(sinceStart, stop);
            return $"{sinceStart} ms after its start";
        }

        await mall.UntilServingAsync(silo, stop);
        var sinceServing = dice.Next(1200);
        await Task.Delay(sinceServing, stop);
        return $"{sinceServing} ms after it served";
    }
}
