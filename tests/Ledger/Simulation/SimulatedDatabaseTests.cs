using Mall.Ledger.Stores;
using Mall.Simulation;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>The contract on the simulated database, with messages that take their time.</summary>
public sealed class SimulatedContract : StoreContract
{
    private static readonly TaskScheduler s_oneByOne = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;

    private readonly SimulatedDatabase _database = new(s_oneByOne, TimeProvider.System, new Random(1))
    {
        Options = new() { Way = TimeSpan.FromMicroseconds(50), Disk = TimeSpan.FromMicroseconds(50), SeveralTrips = 0.5 },
    };

    protected override IStore NewStore() => new SimulatedStore(_database, "one", new InlineScheduler(), TimeProvider.System);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _database.Dispose();
    }
}

/// <summary>What goes wrong in the simulated database, and what two silos on it see of each other.</summary>
public sealed class SimulatedDatabaseTests : IDisposable
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();
    private readonly SimulatedThread _thread;
    private readonly SimulatedDatabase _database;

    public SimulatedDatabaseTests()
    {
        _thread = new SimulatedThread(1, _time);
        _database = new SimulatedDatabase(_thread, _time, new Random(1)) { Options = new() { SeveralTrips = 0 } };
    }

    public void Dispose() => _database.Dispose();

    [Fact]
    public void Commit_OfALockedRow_WaitsAndThenGoesOn_AndOneThatWaitsTooLongHasNotHappened() => Run(async () =>
    {
        var store = Store("one");
        await Apply(store, 1, Product(1, 10));
        _database.LockRow("products", "1", s_second / 10);
        var started = _time.GetUtcNow();
        await Apply(store, 2, Take(1, 1));
        Assert.InRange(_time.GetUtcNow() - started, s_second / 10, s_second / 5);

        _database.LockRow("products", "1", 60 * s_second);
        var failure = await Assert.ThrowsAsync<StoreException>(() => Apply(store, 3, Take(1, 1)));
        Assert.Equal(StoreFailure.Locked, failure.Failure);
        Assert.Equal(9, StockOf1());
    });

    [Fact]
    public void Commit_WhoseAcknowledgementIsLost_HasHappened_AndOneThatIsLostHasNot() => Run(async () =>
    {
        var store = Store("one");
        await Apply(store, 1, Product(1, 10));
        _database.Options = _database.Options with { AcknowledgementLost = 1 };
        await IsUnknown(Apply(store, 2, Take(1, 1)));
        Assert.True(await store.HasCommittedAsync("one", 2));
        Assert.Equal(9, StockOf1());

        _database.Options = _database.Options with { AcknowledgementLost = 0, CommitLost = 1 };
        await IsUnknown(Apply(store, 3, Take(1, 1)));
        Assert.False(await store.HasCommittedAsync("one", 3));
        Assert.Equal(9, StockOf1());
    });

    [Fact]
    public void Commit_ThatStalls_LandsAfterItsClientHasGivenUp_UnlessItWasReadBackBefore() => Run(async () =>
    {
        var (store, landed) = (Store("one"), 0);
        await Apply(store, 1, Product(1, 1_000));
        _database.Options = _database.Options with { Stalled = 1, LongestStall = 60 * s_second };
        for (var number = 2; number < 40; number++)
        {
            var stock = StockOf1();
            try
            {
                await Apply(store, number, Take(1, 1));
            }
            catch (StoreException)
            {
                Assert.Equal(stock, StockOf1());
                var hasLanded = false;
                while (!await Answered(async () => hasLanded = await store.HasCommittedAsync("one", number))) { }
                await Task.Delay(100 * s_second, _time);
                Assert.Equal(hasLanded ? stock - 1 : stock, StockOf1());
                landed += hasLanded ? 1 : 0;
            }
        }

        Assert.InRange(landed, 1, 30);
    });

    [Fact]
    public void Silo_ThatFreezesInItsTransaction_HoldsItsRowsUntilTheDatabaseEndsIt() => Run(async () =>
    {
        var (one, other) = (Store("one"), Store("other"));
        await Apply(one, 1, Product(1, 10));
        _database.Options = _database.Options with { SeveralTrips = 1, Frozen = 1, LongestFreeze = TimeSpan.FromHours(100) };
        var frozen = Apply(one, 2, Take(1, 1));
        await Task.Delay(s_second, _time);
        _database.Options = _database.Options.Sound();

        Assert.Equal(
            StoreFailure.Locked, (await Assert.ThrowsAsync<StoreException>(() => Apply(other, 1, Take(1, 3)))).Failure);
        await Task.Delay(10 * s_second, _time);
        await Apply(other, 2, Take(1, 3));
        await IsUnknown(frozen);
        Assert.False(await one.HasCommittedAsync("one", 2));
        Assert.Equal(7, StockOf1());
    });

    [Fact]
    public void Restart_EndsWhatIsNotCommitted_AndNobodyIsAnsweredMeanwhile() => Run(async () =>
    {
        var store = Store("one");
        await Apply(store, 1, Product(1, 10));
        _database.Options = _database.Options with { Disk = s_second };
        var cutOff = Apply(store, 2, Take(1, 1));
        await Task.Delay(TimeSpan.FromMilliseconds(2), _time);
        _database.Restart(3 * s_second);
        await IsUnknown(cutOff);
        await Assert.ThrowsAsync<LedgerUnavailableException>(() => store.ReserveIdsAsync("orders", 1));
        await Task.Delay(3 * s_second, _time);
        Assert.False(await store.HasCommittedAsync("one", 2));
        Assert.Equal(1, await store.ReserveIdsAsync("orders", 1));
        Assert.Equal(10, StockOf1());
    });

    [Fact]
    public void Claim_PassesOverRowsThatSomebodyHolds() => Run(async () =>
    {
        var (store, now) = (Store("one"), _time.GetUtcNow());
        await Apply(store, 1, Order(1, "a", now), Order(2, "b", now));
        _database.LockRow("orders", "1", 60 * s_second);
        var closing = new DueColumn("close", Orders, CloseTime);
        var claim = new DueClaim("one", ["close"], now + s_second, now + (30 * s_second), 10, closing);
        Assert.Equal("2", Assert.Single(await store.PickAsync(ShortQueries.Claim(claim))).Key);
    });

    [Fact]
    public void Write_ToAProductOfWhichAnotherSiloHasTakenTheEpoch_IsFound() => Run(async () =>
    {
        var (one, other) = (Store("one"), Store("other"));
        await Apply(one, 1, Product(1, 10));
        await Apply(one, 2, Take(1, 1));
        await Apply(other, 1, Products.Update().Guard(OwnerEpoch).Set(OwnerEpoch).With(1, 1, 2));
        await Apply(one, 3, Take(1, 1)); // a conflict: it says its epoch
        Assert.Empty(Steps());
        await Apply(one, 4, Products.Update().AddNotNegative(Stock).With(1, -1));
        Assert.Single(Steps());

        IReadOnlyList<string> Steps() =>
            _database.Read(new Query<string>("select sentence from seen_steps", row => row.GetString(0)));
    });

    [Fact]
    public void ManyFaults_OverTwoLedgers_LoseAndDoubleNothing() => Run(async () =>
    {
        var ledgers = Enumerable.Range(0, 2).Select(i => TestStores.LedgerOn(
            Store($"{i}"), new LedgerOptions { Random = new Random(i), Scheduler = _thread }, _time)).ToArray();
        foreach (var ledger in ledgers) await ledger.OpenAsync();
        await ledgers[0].CommitAsync(new WriteSet(Product(1, 10_000)));
        _database.Options = new()
        {
            Refused = 0.05, Broken = 0.05, CommitLost = 0.1, AcknowledgementLost = 0.1, Stalled = 0.05, SeveralTrips = 0.5,
            Frozen = 0.1, ReadBack = 0.3, Other = 0.1,
        };
        var told = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => CommitLater(ledgers[i % 2], i)));
        _database.Options = _database.Options.Sound();
        await Task.Delay(60 * s_second, _time);

        var rows = _database.Read(Number("select count(*) from barrier"))[0];
        Assert.Equal(10_000 - rows, StockOf1());
        Assert.InRange(told.Count(outcome => outcome == Applied), rows / 2, rows);
        Assert.True(_database.Faults.Values.Sum() > 10);
        foreach (var ledger in ledgers) await ledger.DisposeAsync();
    });

    private void Run(Func<Task> scenario) => _thread.Run(scenario, TimeSpan.FromDays(30));

    private SimulatedStore Store(string silo) => new(_database, silo, _thread, _time);

    private long StockOf1() => _database.Read(ProductRow, 1)[0].Stock;

    private static Task Apply(SimulatedStore store, long number, params RowChange[] changes)
    {
        var batch = StoreContract.BatchOf(new WriteSet(changes));
        (batch.Committer, batch.Number) = (store.Silo, number);
        return store.ApplyAsync(batch).AsTask();
    }

    private static async Task IsUnknown(Task commit) => Assert.Equal(
        StoreFailure.OutcomeUnknown, (await Assert.ThrowsAsync<StoreException>(() => commit)).Failure);

    private static async Task<bool> Answered(Func<Task> question)
    {
        try
        {
            await question();
            return true;
        }
        catch (StoreException)
        {
            return false;
        }
    }

    private async Task<CommitOutcome?> CommitLater(DurableLedger ledger, int number)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(37 * number), _time);
        try
        {
            return await ledger.CommitAsync(new WriteSet(Action($"g{number % 150}"), Take(1, 1)));
        }
        catch (Exception failure) when (failure is LedgerUnavailableException or LedgerOutcomeUnknownException)
        {
            return null;
        }
    }
}
