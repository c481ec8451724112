using Mall.TestFaults;
using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

public sealed class IdSequenceTests
{
    private readonly ManualTime _time = new();
    private readonly SimulatedThread _thread;
    private readonly CountingStore _store;
    private readonly FaultyStore _faulty;
    private readonly IdSequence _ids;

    public IdSequenceTests()
    {
        _thread = new SimulatedThread(7, _time);
        _faulty = new FaultyStore(new SqliteStore(StoreAddress.Parse("sqlite::memory:"), _time, _thread), new FaultOptions(),
            _time);
        _store = new CountingStore(_faulty);
        _ids = new IdSequence("orders", _store, _time, new LedgerOptions { Scheduler = _thread });
    }

    [Fact]
    public void Blocks_Grow_WhenTheyAreUsedUpFast() => Run(async () =>
    {
        for (var i = 0; i < 10_000; i++) await Next();
        Assert.Equal([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000], _store.Reserved.Take(9));
        Assert.InRange(_store.Reserved.Count, 9, 18);
    });

    [Fact]
    public void Blocks_ShrinkAgain_WhenTheyLast() => Run(async () =>
    {
        for (var i = 0; i < 300; i++) await Next();
        Assert.InRange(_store.Reserved.Max(), 80, 1_000);
        for (var i = 0; i < 2_000; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Next();
        }

        Assert.Equal(IdSequence.FirstBlock, _store.Reserved[^1]);
    });

    [Fact]
    public void Callers_WhenTheDatabaseIsDown_AreTold_AndTheNextTriesAgain() => Run(async () =>
    {
        _faulty.IsDown = true;
        var waiting = Enumerable.Range(0, 3).Select(_ => Next()).ToList();
        foreach (var one in waiting) await Assert.ThrowsAsync<LedgerUnavailableException>(() => one);

        _faulty.IsDown = false;
        Assert.Equal(1, await Next());
    });

    [Fact]
    public void Callers_WhoseDatabaseDoesNotAnswer_AreToldInTime_AndTheirIdsGoToTheNext() => Run(async () =>
    {
        var answer = _store.HoldReservations();
        var asked = _time.GetUtcNow();
        await Assert.ThrowsAsync<LedgerUnavailableException>(Next);
        Assert.Equal(new LedgerOptions().CommitTimeout, _time.GetUtcNow() - asked);

        var next = Next();
        answer.SetResult();
        Assert.Equal(1, await next);
    });

    private Task<long> Next() => _ids.NextAsync(TestContext.Current.CancellationToken).AsTask();

    private void Run(Func<Task> scenario) => _thread.Run(
        async () =>
        {
            await _store.OpenAsync(TestContext.Current.CancellationToken);
            await scenario();
            await _store.DisposeAsync();
        },
        TimeSpan.FromHours(1));

    private sealed class CountingStore(IStore inner) : PassingStore(inner)
    {
        public List<int> Reserved { get; } = [];

        private Task _answer = Task.CompletedTask;

        /// <summary>From now on the database answers no reservation until told to.</summary>
        public TaskCompletionSource HoldReservations()
        {
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _answer = answer.Task;
            return answer;
        }

        public override async Task<long> ReserveIdsAsync(string sequence, int count)
        {
            Reserved.Add(count);
            await _answer;
            return await base.ReserveIdsAsync(sequence, count);
        }
    }
}
