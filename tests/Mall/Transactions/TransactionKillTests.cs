using System.Diagnostics;
using Mall.TestServers;
using Mall.Tests.Installations;
using Mall.Tests.Transactions.Bank;

namespace Mall.Tests.Transactions;

/// <summary>
/// The process that drives transactions of every kind dies by kill -9 under them, and starts again: each ends, none is lost, and
/// by the services' own databases everything was done once, or undone. <c>MALL_TEST_KILLS</c> is how often it dies (2),
/// <c>MALL_TEST_TRANSACTIONS</c> under how many at a time (64).
/// </summary>
public sealed class TransactionKillTests(ITestOutputHelper output)
{
    private const int CallsOfOne = 3;
    private static readonly TimeSpan s_endsWithin = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(240);

    [Fact]
    public async Task Kill_UnderRunningTransactionsOfAllKinds_LosesNoneAndDoublesNothing()
    {
        var (seed, count) = (Setting.Seed(), Setting.Of("MALL_TEST_TRANSACTIONS", 64));
        var (dice, kills) = (new Random(seed), Setting.Of("MALL_TEST_KILLS", 2));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(s_patience * kills);
        await using var bank = await BankServices.OpenAsync(seed, stop.Token);
        await using var mall = new Installation();
        var dtm = new Uri($"http://127.0.0.1:{FreePorts.Take()}");
        string[] settings = [.. mall.Settings, "--dtm", dtm.Authority, "--dtm-retry", "00:00:01"];
        var silo = mall.Start(settings);
        await mall.UntilServingAsync(silo, stop.Token);
        using var clients = new BankClients(bank, () => dtm, stop.Token);
        bank.Workflows = clients.ResumeAsync;
        Tell($"MALL_TEST_SEED={seed}, XA: {(bank.Xa is null ? "no MariaDB here" : "yes")}");
        var (ended, wentOn) = (new List<(Deal Deal, string? Status)>(), 0);
        for (var kill = 0; kill < kills; kill++)
        {
            var deals = Deal.Mix($"k{kill}", count, bank.Xa is not null);
            var (since, mark) = (Stopwatch.GetTimestamp(), bank.Calls.All + dice.Next(1, count * CallsOfOne));
            var running = Task.WhenAll(deals.Select(clients.RunAsync));
            while (bank.Calls.All < mark && !running.IsCompleted) await Task.Delay(5, stop.Token);
            var atKill = bank.Calls.All;
            await silo.KillAsync();
            var driven = bank.Driven;
            silo = mall.Start(settings);
            await mall.UntilServingAsync(silo, stop.Token);
            await running;
            using var reason = new CancellationTokenSource(s_endsWithin);
            foreach (var deal in deals) ended.Add((deal, await clients.EndOfAsync(deal, reason.Token)));
            var interrupted = driven.Count(one => bank.Driven[one.Key] > one.Value);
            wentOn += interrupted;
            Tell(
                $"kill {kill + 1}: at call {atKill}, {interrupted} went on after it, "
                + $"all ended after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
            Audit.Passes(await BankAudit.FindAsync(bank, ended));
        }

        var (calls, first) = bank.Calls;
        Tell($"{ended.Count} transactions, {calls} calls, {calls - first} of them again");
        foreach (var course in ended.GroupBy(e => (e.Deal.Course, e.Status)).OrderBy(g => g.Key))
            Tell($"{course.Key.Course} {course.Key.Status}: {course.Count()}");
        Audit.Passes(await BankAudit.FindInBooksAsync(bank));
        Assert.True(wentOn > 0, "No transaction was under way at any kill, so the run has shown nothing.");
    }

    /// <summary>What is to be seen without a failure, too.</summary>
    private void Tell(string line)
    {
        output.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage("{0}", line);
    }
}
