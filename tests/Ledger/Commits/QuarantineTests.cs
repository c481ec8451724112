using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>What the committer makes of a lock that the store cannot find: on one simulated thread.</summary>
public sealed class QuarantineTests
{
    private readonly ManualTime _time = new();
    private readonly SimulatedThread _thread;
    private readonly LockedStore _store;
    private readonly DurableLedger _ledger;

    public QuarantineTests()
    {
        _thread = new SimulatedThread(3, _time);
        var options = new LedgerOptions { Random = new Random(1), Scheduler = _thread, QueueLimit = 100 };
        _store = new LockedStore(new SqliteStore(StoreAddress.Parse("sqlite::memory:"), _time, _thread));
        _ledger = TestStores.LedgerOn(_store, options, _time);
    }

    [Fact]
    public void Lock_HoldsUpWhatWantsItsRow_InOrder_AndNobodyElse() => Run(async () =>
    {
        await Commit(Product(1, 100), Product(2, 100));
        var began = _time.GetUtcNow();
        _store.Locked = 1;
        var stuck = Enumerable.Range(0, 5).Select(i => Commit(SetPrice.With(1, 1, i))).ToList();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Commit(Take(2, 1), Setting($"{i}", "x"))));
        Assert.InRange(_time.GetUtcNow() - began, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(stuck, one => one.IsCompleted);

        await Pass(TimeSpan.FromSeconds(5));
        Assert.InRange(_store.Attempts, 5, 60); // Tried again and again, and less and less often.
        _store.Locked = 0;
        await Pass(TimeSpan.FromSeconds(1.1));
        Assert.All(stuck, one => Assert.Equal(Applied, one.Result));
        Assert.Equal(4, (await _ledger.QueryAsync(Number("select price from products where id = 1"))).Single());
    });

    [Fact]
    public void Lock_ThatStays_IsUnavailableInTime_AndNothingIsWritten() => Run(async () =>
    {
        await Commit(Product(1, 100));
        _store.Locked = 1;
        await Assert.ThrowsAsync<LedgerUnavailableException>(() => Commit(Take(1, 1)));
        await Assert.ThrowsAsync<LedgerUnavailableException>(() => Commit(Take(1, 1)));
        _store.Locked = 0;
        await Commit(Setting("the last", "x"));
        Assert.Equal((100, 0), (await _ledger.QueryAsync(ProductRow, CancellationToken.None, 1)).Single());
    });

    [Fact]
    public void Row_WhosePauseIsOver_IsTriedBeforeOneThatWasJustFoundLockedAgain()
    {
        var quarantine = new Quarantine(_time, new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), new Random(1)));
        quarantine.Hold(1);
        quarantine.Hold(2);
        _time.Advance(TimeSpan.FromSeconds(2));
        var (_, first, _) = quarantine.TryNext()!.Value;
        quarantine.Hold(first); // Locked, still.
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(3 - first, quarantine.TryNext()!.Value.Key);
    }

    [Fact]
    public void Lock_ThatThousandsWaitFor_LeavesTheQueueToOthers() => Run(async () =>
    {
        await Commit(Product(1, 100), Product(2, 100));
        _store.Locked = 1;
        var stuck = new List<Task<CommitOutcome>> { Commit(Take(1, 1)) };
        await Pass(TimeSpan.FromMilliseconds(50)); // It is in quarantine now.
        for (var i = 0; i < 90; i++) stuck.Add(Commit(Take(1, 1)));
        Assert.Equal(41, stuck.Count(one => one.Exception?.InnerException is LedgerUnavailableException));
        Assert.Equal(Applied, await Commit(Take(2, 1)));

        _store.Locked = 0;
        await Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(50, stuck.Count(one => one.IsCompletedSuccessfully));
    });

    [Fact]
    public void Row_ThatIsFreeAgain_IsWrittenThoughOneWhoWantsItIsHeldUpByAnother() => Run(async () =>
    {
        await Commit(Product(1, 100), Product(2, 100));
        _store.Locked = 1;
        var stuck = Commit(Take(1, 1), Take(2, 1));
        var others = Enumerable.Range(0, 20).Select(_ => Commit(Take(1, 1))).ToList();
        await Pass(TimeSpan.FromSeconds(1));
        _store.Locked = 2;
        await Task.WhenAll(others);
        Assert.False(stuck.IsCompleted);
        _store.Locked = 0;
        Assert.Equal(Applied, await stuck);
    });

    private Task<CommitOutcome> Commit(params RowChange[] changes) => _ledger.CommitAsync(new WriteSet(changes));

    private Task Pass(TimeSpan time) => Task.Delay(time, _time, TestContext.Current.CancellationToken);

    private void Run(Func<Task> scenario) => _thread.Run(
        async () =>
        {
            await _ledger.OpenAsync();
            await scenario();
            await _ledger.DisposeAsync();
        },
        TimeSpan.FromHours(1));

    /// <summary>Refuses every batch that wants a certain product's row, and does not say whose fault it is.</summary>
    private sealed class LockedStore(IStore inner) : PassingStore(inner)
    {
        public long Locked { get; set; }

        public int Attempts { get; private set; }

        public override ValueTask ApplyAsync(Batch batch)
        {
            var isLocked = Enumerable.Range(0, batch.Count).SelectMany(i => batch[i].Changes)
                .Any(change => change.Shape.Table == Products && change.Values[0].Number == Locked);
            if (!isLocked) return base.ApplyAsync(batch);
            Attempts++;
            throw new StoreException(StoreFailure.Locked, "locked");
        }
    }
}
