using System.Diagnostics;
using System.Globalization;
using Mall.TestServers;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>
/// Somebody keeps a product's row locked for seconds, under load: longer than the ledger tries in vain.
/// <c>MALL_TEST_LOCK_SECONDS</c> is how long (4).
/// </summary>
public abstract class LockedRowTests(DatabaseKind kind)
{
    private static readonly TimeSpan s_locked = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("MALL_TEST_LOCK_SECONDS"), CultureInfo.InvariantCulture, out var seconds)
            ? seconds : 4);

    private readonly int[] _sold = new int[9]; // By product; 0 is the locked one.
    private bool _isOver;

    private int Others => _sold.Sum() - _sold[0];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RowLockedForSeconds_HoldsUpItsOwnWriteSets_AndLeavesOthersTheirRate()
    {
        var database = new ServerDatabase(kind, "locked_row");
        await database.PrepareAsync();
        var options = TestStores.OptionsFor(database.Address);
        options.CommitTimeout = TimeSpan.FromSeconds(3);
        var store = LedgerServices.StoreAt(options, TimeProvider.System);
        await using var ledger = TestStores.LedgerOn(store, options);
        await ledger.OpenAsync(Cancel);
        await ledger.CommitAsync(new WriteSet([.. Enumerable.Range(0, 9).Select(id => Product(id, 1_000_000))]));
        var buyers = Enumerable.Range(0, 40).Select(buyer => Task.Run(
            () => BuyAsync(ledger, buyer % 4 == 0 ? 0 : 1 + (buyer % 8), buyer), Cancel)).ToList();

        await RateOfOthersAsync(s_locked / 4); // Until everything is warm.
        var before = await RateOfOthersAsync(s_locked / 2);
        double locked;
        await using (await OtherSession.LockAsync(database.Server, "locked_row", "update products set name = name where id = 0"))
            locked = await RateOfOthersAsync(s_locked);
        var stuck = _sold[0];
        var after = await RateOfOthersAsync(s_locked / 2);
        Volatile.Write(ref _isOver, true);
        await Task.WhenAll(buyers);

        TestContext.Current.SendDiagnosticMessage($"{kind}: others {before:0} and {after:0} a second, {locked:0} meanwhile");

        // Far from the measured figure, which the message above tells, and as far from none at all.
        Assert.True(locked >= 0.5 * Math.Min(before, after), $"{locked:0} a second meanwhile, {before:0} and {after:0} else.");
        Assert.True(_sold[0] > stuck);
        Assert.Equal($"{_sold.Sum()}", await database.Server.RunSqlAsync("select count(*) from barrier", "locked_row", Cancel));
        Assert.Equal($"{_sold.Sum()}", await database.Server.RunSqlAsync("select sum(sold) from products", "locked_row", Cancel));
    }

    private async Task BuyAsync(DurableLedger ledger, int product, int buyer)
    {
        for (var i = 0; !Volatile.Read(ref _isOver); i++)
        {
            var writes = new WriteSet(Action($"{buyer}-{i}"), Take(product, 1), Setting($"{buyer}-{i}", "x"));
            Assert.Contains(await UntilKnownAsync(ledger, writes), (CommitOutcome[])[Applied, Duplicate]);
            Interlocked.Increment(ref _sold[product]);

            // At a pace, so that waits are compared and nothing else: PostgreSQL keeps the old versions of all rows as long as
            // any transaction is open, and finds its way through them ever more slowly when rows are rewritten all the time.
            await Task.Delay(TimeSpan.FromMilliseconds(5), Cancel);
        }
    }

    private static async Task<CommitOutcome> UntilKnownAsync(DurableLedger ledger, WriteSet writes)
    {
        while (true)
        {
            try
            {
                return await ledger.CommitAsync(writes);
            }
            catch (Exception failure) when (failure is LedgerUnavailableException or LedgerOutcomeUnknownException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), Cancel);
            }
        }
    }

    private async Task<double> RateOfOthersAsync(TimeSpan time)
    {
        var (before, watch) = (Others, Stopwatch.StartNew());
        await Task.Delay(time, Cancel);
        return (Others - before) / watch.Elapsed.TotalSeconds;
    }
}

/// <summary>What is measured in these is not to share the machine with other tests.</summary>
[CollectionDefinition(nameof(Rates), DisableParallelization = true)]
public sealed class Rates;

[Collection(nameof(Rates))]
public sealed class PostgresLockedRowTests() : LockedRowTests(DatabaseKind.Postgres);

[Collection(nameof(Rates))]
public sealed class MariaDbLockedRowTests() : LockedRowTests(DatabaseKind.MariaDb);
