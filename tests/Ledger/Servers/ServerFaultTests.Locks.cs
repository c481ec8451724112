using System.Diagnostics;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>Locks that somebody else holds, and what losers cost everybody.</summary>
public abstract partial class ServerFaultTests
{
    [Fact]
    public async Task BarrierRowThatAnotherIsInserting_HoldsUpItsOwnWriteSetAlone_UntilThatEnds()
    {
        Task<CommitOutcome> same;
        const string Insert = "insert into barrier values ('saga', 'g', '01', 'action', '01', 'action', 0)";
        await using (await OtherSession.LockAsync(Server, Database, Insert))
        {
            same = Commit(Action("g"), Take(1, 3));
            var others = Enumerable.Range(0, 50).Select(i => Commit(Action($"o{i}"), Take(2, 1))).ToList();
            Assert.All(await Task.WhenAll(others), outcome => Assert.Equal(Applied, outcome));
            Assert.False(same.IsCompleted);
        }

        Assert.Equal(Applied, await same);
        Assert.Equal("97", await StockOf(1));
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6)]
    public async Task TheSame_ThatAnotherProcessCommitsBeforeAnyOfTheRequests_IsADuplicate(int requests)
    {
        const string Insert = """
            insert into barrier values ('saga', 'g', '01', 'action', '01', 'action', 0);
            insert into settings (name, value) values ('g', 'x')
            """;
        await using var other = await OtherSession.LockAsync(Server, Database, Insert);
        var held = Network.HoldRequestsAsync();
        var same = Commit(Action("g"), Setting("g", "x"));
        for (var i = 0; i < requests; i++)
        {
            await held;
            var answered = Network.HoldRepliesAsync();
            Network.ReleaseRequests();
            await answered;
            held = Network.HoldRequestsAsync();
            Network.ReleaseReplies();
        }

        await held;
        await other.CommitAsync();
        Network.ReleaseRequests();
        Assert.Equal(Duplicate, await same);
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

    /// <summary>Table by table it takes seconds behind a slow network, and everybody waits for it.</summary>
    [Fact]
    public async Task LookOverManyTables_IsOneRoundTrip()
    {
        const int sets = 20;
        await Commit(User(1, "13800000001"), Order(1, "g"), Setting("s", "old"));
        var trips = Network.RoundTrips;
        for (var i = 0; i < sets; i++)
            Assert.Equal(Conflict, await Commit(
                Action($"g{i}"), Take(1, 1, epoch: 0), PayOrder.With(1, 0, Value.Null, 1, 1, Value.Null),
                DeleteSetting.With("s", "old"), User(2, "13800000002")));
        Assert.InRange(Network.RoundTrips - trips, sets, (2 * sets) + 5); // Written, and looked at. Others ask for the time.
    }

    [Fact]
    public async Task RefusalThatNothingExplains_IsLookedAtOnce()
    {
        var isKept = Network.HoldRequestsAsync();
        var first = Commit(Setting("s", "1"));
        await isKept;
        var both = new[] { Commit(Action("a"), Take(1, 60)), Commit(Action("b"), Take(1, 60)) }; // Of 100.
        var trips = Network.RoundTrips;
        Network.ReleaseRequests();
        Assert.Equal(Applied, await first);
        Assert.Equal([Applied, Conflict], (await Task.WhenAll(both)).Order());
        Assert.InRange(Network.RoundTrips - trips, 1, 7); // Five, and others ask for the time.
    }

    /// <summary>Then each is sent for itself, as far as it fits.</summary>
    [Fact]
    public async Task LooksThatDoNotFitIntoAPacketTogether_FindTheRepeatAllTheSame()
    {
        var text = new string('x', 9 << 20);
        await Commit(Setting("s", "old"));
        Assert.Equal(Applied, await Commit(Action("g"), SetSetting.With("s", text)));
        Assert.Equal(Duplicate, await Commit(Action("g"), SetSetting.With("s", text)));
        Assert.Equal(Applied, await Commit(Action("h"), SetSetting.With("s", "new")));
    }

    [Fact]
    public async Task RefusalsOfARush_CostNoRoundTripMoreThanWinnersDo()
    {
        await Commit(Product(3, 1_000));
        var winners = await TripsAsync(i => new WriteSet(Action($"w{i}"), Take(3, 1)));
        var losers = await TripsAsync(i => new WriteSet(Compensate($"l{i}"), Take(3, 0)) { IsRefusal = true });
        var again = await TripsAsync(i => new WriteSet(Compensate($"l{i}"), Take(3, 0)) { IsRefusal = true });
        Assert.InRange(losers, 1, winners + 3);
        Assert.InRange(again, 1, 3 * winners); // A repeat is no loser: it is looked at.

        async Task<int> TripsAsync(Func<int, WriteSet> write)
        {
            var trips = Network.RoundTrips;
            for (var i = 0; i < 20; i++) await Ledger.CommitAsync(write(i)); // One by one: else chance decides.
            return Network.RoundTrips - trips;
        }
    }
}
