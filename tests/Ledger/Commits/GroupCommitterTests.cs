using Mall.TestFaults;
using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>
/// One committer on one simulated thread: what it promises to callers when the database does not do as it should.
/// </summary>
public sealed class GroupCommitterTests
{
    private readonly ManualTime _time = new();
    private readonly SimulatedThread _thread;
    private readonly LedgerOptions _options;
    private readonly GatedStore _gate;
    private readonly FaultyStore _store;
    private readonly DurableLedger _ledger;

    public GroupCommitterTests()
    {
        _thread = new SimulatedThread(1, _time);
        _options = new LedgerOptions { Random = new Random(1), Scheduler = _thread, QueueLimit = 5 };
        _gate = new GatedStore(new SqliteStore(StoreAddress.Parse("sqlite::memory:"), _time, _thread));
        _store = new FaultyStore(_gate, new FaultOptions(), _time);
        _ledger = TestStores.LedgerOn(_store, _options, _time);
    }

    [Fact]
    public void Commit_WhileOneBatchCommits_FillsTheNext() => Run(async () =>
    {
        _gate.Close();
        var first = Commit("0");
        await _gate.Entered;
        var others = Enumerable.Range(1, 4).Select(i => Commit($"{i}")).ToList();
        _gate.Open();

        await Task.WhenAll(others.Prepend(first));
        Assert.Equal([1, 4], _gate.BatchSizes);
    });

    [Fact]
    public void Commit_IsNotAnsweredBeforeTheDatabaseHas() => Run(async () =>
    {
        _gate.Close();
        var commit = Commit("0");
        await _gate.Entered;
        await Pass(TimeSpan.FromSeconds(5));
        Assert.False(commit.IsCompleted);

        _gate.Open();
        Assert.Equal(CommitOutcome.Applied, await commit);
    });

    [Fact]
    public void Commit_WhenTheQueueIsFull_IsRefusedAtOnce() => Run(async () =>
    {
        _gate.Close();
        var accepted = Enumerable.Range(0, 5).Select(i => Commit($"{i}")).ToList();
        await Assert.ThrowsAsync<LedgerBusyException>(() => Commit("5"));

        _gate.Open();
        await Task.WhenAll(accepted);
        Assert.Equal(CommitOutcome.Applied, await Commit("5"));
    });

    [Fact]
    public void Commit_WhenTheDatabaseIsDown_TimesOut_AndIsNeverWritten() => Run(async () =>
    {
        _store.IsDown = true;
        var asked = _time.GetUtcNow();
        await Assert.ThrowsAsync<LedgerUnavailableException>(() => Commit("0"));
        Assert.InRange(_time.GetUtcNow() - asked, _options.CommitTimeout, _options.CommitTimeout + TimeSpan.FromSeconds(1));

        _store.IsDown = false;
        Assert.Equal(CommitOutcome.Applied, await Commit("1"));
        Assert.Equal(1, await Count());
    });

    [Fact]
    public void Commit_WhenTheDatabaseComesBackInTime_IsWritten() => Run(async () =>
    {
        _store.IsDown = true;
        var commit = Commit("0");
        await Pass(TimeSpan.FromSeconds(6));
        Assert.False(commit.IsCompleted);

        _store.IsDown = false;
        Assert.Equal(CommitOutcome.Applied, await commit);
        Assert.InRange(_store.Faults, 4, 20); // Backed off, and did not give up.
    });

    [Fact]
    public void Commit_InFlightPastItsTime_IsOfUnknownOutcome() => Run(async () =>
    {
        _gate.Close();
        await Assert.ThrowsAsync<LedgerOutcomeUnknownException>(() => Commit("0"));
        _gate.Open();
    });

    [Theory]
    [InlineData(FaultPoint.BeforeTransaction)]
    [InlineData(FaultPoint.BeforeCommit)]
    [InlineData(FaultPoint.AfterCommit)]
    public void Commit_ThroughAFault_IsAppliedOnce(FaultPoint fault) => Run(async () =>
    {
        await _ledger.CommitAsync(new WriteSet(Product(1, 10)));
        _store.FailNext(fault);

        // Without a barrier: only the commit mark can tell that it has happened already.
        Assert.Equal(CommitOutcome.Applied, await _ledger.CommitAsync(new WriteSet(Take(1, 1))));
        Assert.Equal(1, _store.Faults);
        Assert.Equal((9, 1), (await _ledger.QueryAsync(ProductRow, TestContext.Current.CancellationToken, 1)).Single());
    });

    [Fact]
    public void Commit_InDoubtWhileTheDatabaseIsDown_IsOfUnknownOutcome() => Run(async () =>
    {
        _store.FailNext(FaultPoint.AfterCommit);
        _gate.Close();
        var commit = Commit("0");
        await _gate.Entered;
        _store.IsDown = true;
        _gate.Open();
        await Assert.ThrowsAsync<LedgerOutcomeUnknownException>(() => commit);

        _store.IsDown = false;
        await Commit("1");
        Assert.Equal(2, await Count());
    });

    [Fact]
    public void Outcomes_OfABatchWhoseAcknowledgementWasLost_AreThoseOfTheFirstTime() => Run(async () =>
    {
        await _ledger.CommitAsync(new WriteSet(Action("had"), Setting("had", "x")));
        _gate.Close();
        var blocker = Commit("0");
        await _gate.Entered;
        _store.FailNext(FaultPoint.AfterCommit, writes => writes.Barrier is not null);
        Task<CommitOutcome>[] commits =
        [
            _ledger.CommitAsync(new WriteSet(Action("had"), Setting("had", "x"))),
            _ledger.CommitAsync(new WriteSet(Action("new"), Setting("new", "x"))),
            _ledger.CommitAsync(new WriteSet(Action("stale"), SetSetting.With("none", "x"))),
        ];
        _gate.Open();

        await blocker;
        Assert.Equal([CommitOutcome.Duplicate, CommitOutcome.Applied, CommitOutcome.Conflict], await Task.WhenAll(commits));
    });

    [Fact]
    public void Dispose_CommitsWhatWaits_AndRefusesWhatComes() => Run(async () =>
    {
        _gate.Close();
        var waiting = Enumerable.Range(0, 3).Select(i => Commit($"{i}")).ToList();
        await _gate.Entered;
        var disposed = _ledger.DisposeAsync();
        await Assert.ThrowsAsync<LedgerUnavailableException>(() => Commit("3"));
        _gate.Open();

        await disposed;
        Assert.All(await Task.WhenAll(waiting), outcome => Assert.Equal(CommitOutcome.Applied, outcome));
    });

    [Fact]
    public void Dispose_WhenTheDatabaseIsDown_TellsWhoeverIsLeft() => Run(async () =>
    {
        _store.IsDown = true;
        await Pass(TimeSpan.FromSeconds(1));
        var waiting = Commit("0");
        _options.CommitTimeout = TimeSpan.FromHours(1);
        await _ledger.DisposeAsync();
        await Assert.ThrowsAsync<LedgerUnavailableException>(() => waiting);
    });

    private Task<CommitOutcome> Commit(string name) => _ledger.CommitAsync(new WriteSet(Setting(name, "x")));

    private Task Pass(TimeSpan time) => Task.Delay(time, _time, TestContext.Current.CancellationToken);

    private async Task<long> Count() => (await _ledger.QueryAsync(Number("select count(*) from settings"))).Single();

    private void Run(Func<Task> scenario) => _thread.Run(
        async () =>
        {
            await _ledger.OpenAsync();
            await scenario();
            await _ledger.DisposeAsync();
        },
        TimeSpan.FromHours(1));
}
