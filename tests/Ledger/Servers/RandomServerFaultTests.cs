using Mall.TestFaults;
using Mall.Ledger.Stores;
using Mall.TestServers;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>
/// As <see cref="RandomFaultTests"/>, on a real server: many clients that repeat and compensate few keys, on a store that fails
/// by a seed at every point of a commit. The faults are the seed's; who meets them is up to the machine.
/// </summary>
public abstract class RandomServerFaultTests(DatabaseKind kind)
{
    private const int Stock = 100_000;
    private const int Keys = 60;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<int> Seeds => [1, 2, 3, 4, 5, 6];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task EveryKeyHappensAtMostOnce_AndSumsAreRight(int seed)
    {
        var database = new ServerDatabase(kind, "random_faults");
        await database.PrepareAsync();
        var options = TestStores.OptionsFor(database.Address);
        (options.Random, options.MaxBatchWriteSets) = (new Random(seed), 1 + (seed * 7 % 30));
        var store = new FaultyStore(LedgerServices.StoreAt(options, TimeProvider.System), new FaultOptions
        {
            Seed = seed, BeforeTransaction = 0.15, BeforeCommit = 0.1, AfterCommit = 0.1, ReadBack = 0.2,
        }, TimeProvider.System) { IsRandom = false };
        await using var ledger = TestStores.LedgerOn(store, options);
        await ledger.OpenAsync(Cancel);
        await ledger.CommitAsync(new WriteSet(Product(1, Stock), Product(2, Stock)));

        store.IsRandom = true;
        var applied = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(client => WorkAsync(ledger, new Random((seed * 100) + client))));
        store.IsRandom = false;

        Assert.True(store.Faults > 0, "The seed has met nobody.");
        Assert.All(
            applied.SelectMany(keys => keys).GroupBy(key => key),
            times => Assert.Equal((times.Key, 1), (times.Key, times.Count())));
        await CheckAsync(ledger, seed);
    }

    /// <returns>The keys and ops that this client was told to have been applied by it.</returns>
    private static async Task<List<string>> WorkAsync(DurableLedger ledger, Random random)
    {
        var applied = new List<string>();
        for (var i = 0; i < 25; i++)
        {
            var key = random.Next(Keys);
            var barrier = random.Next(3) == 0 ? Compensate($"g{key:00}") : Action($"g{key:00}");
            var outcome = await UntilKnownAsync(ledger, new WriteSet(
                barrier, Take(ProductOf(key), barrier.Op == BarrierOps.Action ? QuantityOf(key) : -QuantityOf(key))));
            if (outcome == Applied) applied.Add($"{barrier.Gid} {barrier.Op}");
            Assert.NotEqual(Conflict, outcome);
        }

        return applied;
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
                // The same again, as a saga does it.
            }
        }
    }

    private static async Task CheckAsync(DurableLedger ledger, int seed)
    {
        var taken = new Dictionary<long, long> { [1] = 0, [2] = 0 };
        for (var key = 0; key < Keys; key++)
        {
            var rows = await ledger.QueryAsync(BarrierRows, Cancel, $"g{key:00}");
            var (happened, undone) = (rows.Contains("01 action 01 action"), rows.Contains("01 compensate 01 compensate"));
            if (happened && !undone) taken[ProductOf(key)] += QuantityOf(key);
            Assert.True(
                rows.Count == 0 || happened || (undone && rows.Contains("01 action 01 compensate")),
                $"Seed {seed}: half a barrier.");
        }

        foreach (var (product, sum) in taken)
            Assert.Equal((Stock - sum, sum), Assert.Single(await ledger.QueryAsync(ProductRow, Cancel, product)));
    }

    private static long ProductOf(int key) => 1 + (key % 2);

    private static int QuantityOf(int key) => 1 + (key % 5);
}

public sealed class PostgresRandomFaultTests() : RandomServerFaultTests(DatabaseKind.Postgres);

public sealed class MariaDbRandomFaultTests() : RandomServerFaultTests(DatabaseKind.MariaDb);
