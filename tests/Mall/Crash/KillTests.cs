using Mall.Tests.Installations;

namespace Mall.Tests.Crash;

/// <summary>
/// The process dies at any moment, and starts again, and again. Customers see pauses and nothing else; afterwards the books are
/// audited. A run is repeated, as far as a whole machine can be, by the seed that it prints; <c>MALL_TEST_KILLS</c> is how often
/// it dies, <c>MALL_TEST_CLOSES</c> how many orders are being closed when it dies once more.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Shoppers = 16;
    private const long Plenty = 10_000_000;

    [Fact]
    public async Task Kill_AtAnyMomentUnderLoad_LosesNothingAndDoublesNothing()
    {
        var (seed, kills) = (Setting.Seed(), Setting.Of("MALL_TEST_KILLS", 3));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(300 + 10 * kills));
        var stop = patience.Token;
        output.WriteLine($"MALL_TEST_SEED={seed}");
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(stop);
        using var trade = await Trade.OpenAsync(
            mall, () => Books.Open(mall), [10, 60, Plenty, Plenty, Plenty, Plenty], Shoppers, stop);

        trade.Begin(seed, delivered: 2);
        var dice = new Random(seed);
        for (var kill = 1; kill <= kills; kill++)
        {
            var moment = await MomentToDieAsync(mall, silo, dice, stop);
            if (kill == kills)
            {
                await trade.UntilAnsweredAsync(300); // So many that closing them takes a while.
                await trade.LeaveAsync();
            }

            await silo.KillAsync();
            output.WriteLine($"kill {kill}: {moment}, {trade.Answered} orders answered so far");
            silo = mall.Start();
        }

        await mall.UntilServingAsync(silo, stop);
        await trade.EndAsync();
        await trade.AuditAsync(output.WriteLine, isScarce: true);
        var changedAnswers = await Aftermath.AskAgainAsync(trade.Shoppers, 20, new Random(seed), stop);
        silo = await KillAmidClosesAsync(mall, silo, trade, dice, stop);
        silo.Terminate();
        var exitCode = await silo.ExitCodeAsync(TimeSpan.FromSeconds(90));

        Audit.Passes(changedAnswers);
        Assert.Equal(0, exitCode);
        // Else the run has shown nothing: orders were under way when the process died.
        Assert.True(trade.Unanswered > kills, "The kills hit hardly any request.");
        Assert.InRange(trade.Answered, kills * Shoppers, int.MaxValue);
    }

    /// <summary>
    /// The orders that stand become due, one after the other, and whoever closes them dies while some are closed and others
    /// are not, twice; then all that is left is due at once. Each is closed once and told to be so once, and all that it held is
    /// back.
    /// </summary>
    private async Task<SiloProcess> KillAmidClosesAsync(
        Installation mall, SiloProcess silo, Trade trade, Random dice, CancellationToken stop)
    {
        using var books = Books.Open(mall);
        await silo.KillAsync();
        await mall.RunSqlAsync(
            $"""
            update orders set close_time = 1
            where id in (select id from orders where status = 0 order by id limit {Setting.Of("MALL_TEST_CLOSES", 2000)})
            """);
        var (standing, due) = (books.Orders(status: 0), books.Orders("status = 0 and close_time = 1"));
        for (var kill = 1; kill <= 2; kill++)
        {
            // Not all at once: that is over between two looks. Within 24 seconds, whatever the start takes of them.
            await FallDueAsync(mall, $"{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()} + id % 400 * 60");
            silo = mall.Start();
            var enough = books.Orders(status: 2) + dice.NextInt64(1, due / 4);
            await Task.Factory.StartNew(
                () => KillWhenClosed(books, silo, enough, stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            var (closed, open) = (books.Orders(status: 2), books.UnendedSagas().Count);
            output.WriteLine($"killed when {closed} of {due} were closed, {open} of them without their stock");
            Assert.InRange(closed, enough, due - 1);
        }

        await FallDueAsync(mall, "1");
        silo = mall.Start();
        while (books.Orders(status: 2) < due) await Task.Delay(20, stop);
        await Aftermath.UntilSagasHaveEndedAsync(() => Books.Open(mall), stop);
        Audit.Passes(books.Discrepancies(trade.Seller.Supplied));
        Assert.Equal((due, due), books.Events("order.closed"));
        Assert.Equal((standing - due, due), (books.Orders(status: 0), books.Orders(status: 2)));
        await mall.UntilServingAsync(silo, stop);
        return silo;
    }

    /// <summary>
    /// Says when the orders that are to be closed soon are due; what a dead process had claimed, too, which is free again when
    /// its lease is over: now.
    /// </summary>
    private static Task FallDueAsync(Installation mall, string time) => mall.RunSqlAsync(
        $"""
        update orders set close_time = {time} where status = 0
          and close_time < {DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeMilliseconds()};
        update sagas set next_time = 1 where next_time is not null
        """);

    /// <summary>On a thread of its own: between look and kill the test does not wait for a place among others' work.</summary>
    private static void KillWhenClosed(Books books, SiloProcess silo, long enough, CancellationToken stop)
    {
        while (books.Orders(status: 2) < enough)
        {
            stop.ThrowIfCancellationRequested();
            Thread.Sleep(1);
        }

        silo.KillAsync().GetAwaiter().GetResult();
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
