using Mall.Ledger.Stores;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class ServerFaultTests
{
    [Fact]
    public async Task AcknowledgementLost_CommitHappened_IsUnknown_ThenReadBackAsCommitted()
    {
        var batch = NumberedBatch(7, new WriteSet(Action("g"), Take(1, 3)));
        var failure = await FailAsync(batch, cutWhen: CommittedAndHeldBackAsync, cut: Network.Cut);

        Assert.Equal(StoreFailure.OutcomeUnknown, failure.Failure);
        Network.ReleaseReplies();
        Assert.True(await HasCommitted(7));
        Assert.True(await HasCommitted(7)); // The question may itself be repeated.
        Assert.Equal(Applied, batch.Pending[0].Outcome);
        Assert.Equal("97", await StockOf(1));

        async Task CommittedAndHeldBackAsync()
        {
            await Network.HoldRepliesAsync(); // Some servers answer each statement as they go.
            await Eventually(async () => await StockOf(1) == "97");
        }
    }

    [Fact]
    public async Task CommitLost_OnItsWay_IsUnknown_ThenReadBackAsNotCommitted()
    {
        var batch = NumberedBatch(7, new WriteSet(Action("g"), Take(1, 3)));
        var failure = await FailAsync(batch, cutWhen: Network.HoldRequestsAsync, cut: Network.Cut);

        Assert.Equal(StoreFailure.OutcomeUnknown, failure.Failure);
        Network.ReleaseRequests();
        Assert.False(await HasCommitted(7));
        Assert.False(await HasCommitted(7));
        Assert.Equal("100", await StockOf(1));
    }

    [Fact]
    public async Task CommitThatArrivesAfterItWasReadBackAsNotCommitted_DoesNotHappen()
    {
        var batch = NumberedBatch(7, new WriteSet(Action("g"), Take(1, 3)));
        var failure = await FailAsync(batch, cutWhen: Network.HoldRequestsAsync, cut: Network.CutClients);
        Assert.Equal(StoreFailure.OutcomeUnknown, failure.Failure);

        // Asked past the network that still has it, by a process that knows the name.
        await using (var other = NewStore(direct: true))
            Assert.False(await OnScheduler(other, () => other.HasCommittedAsync(Committer, 7).AsTask()));

        Network.ReleaseRequests();
        await Eventually(async () => await Sessions() <= 1); // The old one has done what it was sent, and ended.
        Assert.Equal("100", await StockOf(1));
        Assert.Equal("0", await Sql("select count(*) from barrier"));
        Assert.Equal(Applied, await ApplyAsync(NumberedBatch(8, new WriteSet(Action("g"), Take(1, 3)))));
        Assert.Equal("97", await StockOf(1));
    }

    [Fact]
    public async Task SessionKilled_WhileABatchWaitsForARow_TheLedgerWritesItOnce()
    {
        await using var ledger = await OpenPatientAsync();
        await using var other = await OtherSession.LockAsync(Server, Database, "update products set price = 7 where id = 1");
        var commit = ledger.CommitAsync(new WriteSet(Action("g"), Take(1, 3)));
        await UntilWaiting(1);
        await Server.KillSessionsAsync(Database, Cancel); // The other one's lock goes, too.

        Assert.Equal(Applied, await commit);
        Assert.Equal("97", await StockOf(1));
        Assert.Equal("1", await Sql("select count(*) from barrier"));
        Assert.InRange(await Attempts(), 2, int.MaxValue);
    }

    [Fact]
    public async Task RowThatStaysLocked_IsSoonFound_AndTheOthersAreWritten()
    {
        await using (await OtherSession.LockAsync(Server, Database, "update products set price = 7 where id = 1"))
        {
            var batch = NumberedBatch(7, new WriteSet(Action("g"), Take(1, 3)), new WriteSet(Action("h"), Take(2, 3)));
            await ApplyAsync(batch);
            Assert.Equal((false, true, Applied), (batch.Pending[0].IsOpen, batch.Pending[1].IsOpen, batch.Pending[1].Outcome));
            Assert.Equal(("100", "97"), (await StockOf(1), await StockOf(2)));
        }

        Assert.Equal(Applied, await Commit(Action("g"), Take(1, 3)));
    }

    /// <summary>The committer closes the circle, and is its victim: PostgreSQL takes the last, MariaDB the lighter one.</summary>
    [Fact]
    public async Task Deadlock_WithAnotherSession_IsTriedAgain_AndHappensOnce()
    {
        await using var ledger = await OpenPatientAsync();
        var weight = string.Join(", ", Enumerable.Range(0, 100).Select(i => $"('weight {i}', 'x')"));
        await using var other = await OtherSession.LockAsync(
            Server, Database,
            $"update products set price = 7 where id = 2; insert into settings (name, value) values {weight}");
        await ledger.CommitAsync(new WriteSet(Setting("marked", "1")));
        Task<CommitOutcome> commit;
        Task closing;
        await using (await OtherSession.LockAsync(Server, Database, "update products set price = 7 where id = 1"))
        {
            commit = ledger.CommitAsync(new WriteSet(Action("g"), Take(1, 3), Take(2, 3)));
            await UntilWaiting(1); // It has its commit mark, will have 1, and will want 2 ...
            closing = other.ExecuteAsync("update commit_marks set revoked = revoked");
            await UntilWaiting(2); // ... of whoever waits for its mark.
        }

        await closing;
        await other.EndAsync();

        Assert.Equal(Applied, await commit);
        Assert.Equal("97", await StockOf(1));
        Assert.Equal("97", await StockOf(2));
        Assert.Equal("1", await Sql("select count(*) from barrier"));
        Assert.InRange(await Attempts(), 2, int.MaxValue);
    }

    [Fact]
    public async Task TwoProcesses_OnTheSameRowsAndKeys_NeverLoseOrDoubleAnything()
    {
        await using var second = TestStores.LedgerOn(NewStore(direct: true), Options());
        await second.OpenAsync(Cancel);
        await Commit(Product(3, 1_000_000), Product(4, 1_000_000));
        var ledgers = (DurableLedger[])[Ledger, second];
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 600).Select(i => ledgers[i % 2].CommitAsync(
            new WriteSet(Action($"g{i % 200}", $"{i % 3}"), i % 2 == 0 ? [Take(3, 1), Take(4, 1)] : [Take(4, 1), Take(3, 1)]))));

        var applied = outcomes.Count(outcome => outcome == Applied);
        Assert.Equal(600, applied + outcomes.Count(outcome => outcome == Duplicate));
        Assert.Equal($"{applied}", await Sql("select count(*) from barrier"));
        Assert.Equal($"{1_000_000 - applied}", await StockOf(3));
        Assert.Equal($"{1_000_000 - applied}", await StockOf(4));
    }
}
