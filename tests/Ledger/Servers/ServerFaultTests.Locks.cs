using System.Diagnostics;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>Locks that somebody else holds, and what losers cost everybody.</summary>
public abstract partial class ServerFaultTests
{
    [Fact]
    public async Task RowLockedForSeconds_HoldsUpItsOwnWriteSets_AndLeavesOthersTheirRate()
    {
        await Commit([.. Enumerable.Range(3, 8).Select(id => Product(id, 1_000_000))]);
        using var stop = new CancellationTokenSource();
        var counts = new int[11];
        var clients = Enumerable.Range(0, 40).Select(client => client % 4 == 0 ? 1 : 3 + (client % 8))
            .Select((product, client) => BuyAsync(product, client)).ToList();

        await Task.Delay(TimeSpan.FromSeconds(2), Cancel); // Until everything is warm.
        var quiet = await RateOfOthersAsync(TimeSpan.FromSeconds(4));
        double locked;
        await using (await OtherSession.LockAsync(Server, Database, "update products set name = name where id = 1"))
            locked = await RateOfOthersAsync(TimeSpan.FromSeconds(8));
        var stuck = counts[1];
        await Eventually(() => Task.FromResult(counts[1] > stuck));
        await stop.CancelAsync();
        await Task.WhenAll(clients);

        TestContext.Current.SendDiagnosticMessage($"{faults.Kind}: others {quiet:0}/s, while a row is locked {locked:0}/s");
        Assert.True(locked >= 0.8 * quiet, $"{locked:0} a second while a row is locked, {quiet:0} before.");
        Assert.Equal($"{counts.Sum()}", await Sql("select count(*) from barrier"));
        Assert.Equal($"{counts.Sum() - counts[1]}", await Sql("select sum(sold) from products"));

        async Task BuyAsync(int product, int client)
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var gid = $"{client}-{i}";
                Assert.Contains(await Retry(() => Commit(Action(gid), Take(product, product == 1 ? 0 : 1), Setting(gid, "x"))),
                    (CommitOutcome[])[Applied, Duplicate]);
                Interlocked.Increment(ref counts[product]);
            }
        }

        async Task<double> RateOfOthersAsync(TimeSpan time)
        {
            var (before, watch) = (counts.Sum() - counts[1], Stopwatch.StartNew());
            await Task.Delay(time, Cancel);
            return (counts.Sum() - counts[1] - before) / watch.Elapsed.TotalSeconds;
        }
    }

    [Fact]
    public async Task BarrierRowThatAnotherIsInserting_HoldsUpItsOwnWriteSetAlone_UntilThatEnds()
    {
        Task<CommitOutcome> same;
        const string Insert = "insert into barrier values ('saga', 'g', '01', 'action', '01', 'action', 0)";
        await using (await OtherSession.LockAsync(Server, Database, Insert))
        {
            same = Commit(Action("g"), Take(1, 3));
            var others = Enumerable.Range(0, 50).Select(i => Commit(Action($"o{i}"), Take(2, 1))).ToList();
            Assert.All(await Task.WhenAll(others).WaitAsync(Patience / 2, Cancel), outcome => Assert.Equal(Applied, outcome));
            Assert.False(same.IsCompleted);
        }

        Assert.Equal(Applied, await same);
        Assert.Equal("97", await StockOf(1));
    }

    [Fact]
    public async Task RowThatStaysLocked_IsUnavailableInTime_AndNothingWasWritten()
    {
        await using (await OtherSession.LockAsync(Server, Database, "update products set name = name where id = 1"))
        {
            var waited = Stopwatch.StartNew();
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => Commit(Action("g"), Take(1, 3)));
            Assert.InRange(waited.Elapsed, TimeSpan.Zero, Patience + TimeSpan.FromSeconds(1));
        }

        Assert.Equal("0", await Sql("select count(*) from barrier"));
        Assert.Equal(Applied, await Commit(Action("g"), Take(1, 3)));
    }

    [Fact]
    public async Task StaleEpochOfManyBuyers_CostsAFewRoundTrips_NotSomeForEach()
    {
        var trips = Network.RoundTrips;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Commit(Action($"g{i}"), Take(1, 1, epoch: 0))));
        Assert.All(outcomes, outcome => Assert.Equal(Conflict, outcome));
        Assert.InRange(Network.RoundTrips - trips, 1, 60);
    }

    [Fact]
    public async Task NullCompensationsOfARush_CostNoRoundTripMoreThanWinnersDo_WhenExpected()
    {
        await Commit(Product(3, 1_000));
        var winners = await TripsAsync(i => new WriteSet(Action($"w{i}"), Take(3, 1)));
        var losers = await TripsAsync(i => new WriteSet(Compensate($"l{i}"), Take(3, -1)) { ExpectsNull = true });
        var again = await TripsAsync(i => new WriteSet(Compensate($"l{i}"), Take(3, -1)) { ExpectsNull = true });
        Assert.InRange(losers, 1, winners + 5);
        Assert.InRange(again, 1, winners + 5);

        async Task<int> TripsAsync(Func<int, WriteSet> write)
        {
            var trips = Network.RoundTrips;
            for (var round = 0; round < 10; round++)
                await Task.WhenAll(Enumerable.Range(10 * round, 10).Select(i => Ledger.CommitAsync(write(i), Cancel)));
            return Network.RoundTrips - trips;
        }
    }
}
