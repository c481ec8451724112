using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>A store that writes two batches at a time, one of which stands still.</summary>
public sealed class WritersTests : IAsyncDisposable
{
    private readonly TwoWriters _store = new(new SqliteStore(StoreAddress.Parse("sqlite::memory:"), TimeProvider.System, null));
    private readonly LedgerClock _clock = new(TimeProvider.System);
    private readonly DurableLedger _ledger;

    public WritersTests() =>
        _ledger = new DurableLedger(_store, new LedgerOptions(), _clock, NullLogger.Instance, new LedgerMetrics());

    [Fact]
    public async Task BatchThatStandsStill_HoldsUpWhatFollowsOnItsRows_AndNobodyElse()
    {
        await _ledger.OpenAsync(TestContext.Current.CancellationToken);
        var first = Commit("0");
        var writer = await _store.StoodStill;
        var names = Enumerable.Range(1, 100).Select(i => $"{i}").ToLookup(
            name => ConflictKeys.PartitionOf(Insert(name), partitions: 2) == writer);

        var again = Commit("0");
        foreach (var other in names[false]) Assert.Equal(CommitOutcome.Applied, await Commit(other));
        var behind = names[true].Select(Commit).ToList();
        Assert.NotEmpty(behind);
        Assert.DoesNotContain(behind.Append(first).Append(again), commit => commit.IsCompleted);

        _store.GoOn();
        Assert.Equal(CommitOutcome.Applied, await first);
        Assert.Equal(CommitOutcome.Conflict, await again);
        Assert.All(await Task.WhenAll(behind), outcome => Assert.Equal(CommitOutcome.Applied, outcome));
    }

    [Fact]
    public async Task Proof_IsNotGiven_WhileOneOfThemStandsStill()
    {
        await _ledger.OpenAsync(TestContext.Current.CancellationToken);
        var first = Commit("0");
        await _store.StoodStill;
        var proof = new WriteProof(_ledger, _store, _clock).GiveAsync(TestContext.Current.CancellationToken);
        foreach (var other in Enumerable.Range(1, 20)) if (await IsWritten($"{other}")) break;
        Assert.False(proof.IsCompleted);

        _store.GoOn();
        await proof;
        await first;
    }

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    private static WriteSet Insert(string name) => new(InsertSetting.With(name, ""));

    private Task<CommitOutcome> Commit(string name) =>
        _ledger.CommitAsync(Insert(name));

    // Unless it has to wait for the one that stands still, and then this does not ask.
    private async Task<bool> IsWritten(string name) =>
        ConflictKeys.PartitionOf(Insert(name), 2) != await _store.StoodStill && await Commit(name) == CommitOutcome.Applied;

    /// <summary>Its first batch stands still until it is told to go on.</summary>
    private sealed class TwoWriters(IStore inner) : PassingStore(inner)
    {
        private readonly TaskCompletionSource<int> _stoodStill = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override int Writers => 2;

        /// <summary>Which writer's it is.</summary>
        public Task<int> StoodStill => _stoodStill.Task;

        public void GoOn() => _goOn.TrySetResult();

        public override async ValueTask ApplyAsync(Batch batch)
        {
            if (_stoodStill.TrySetResult(batch.Writer)) await _goOn.Task;
            await base.ApplyAsync(batch);
        }
    }
}
