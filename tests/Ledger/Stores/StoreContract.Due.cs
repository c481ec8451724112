using Mall.Ledger.Stores;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class StoreContract
{
    private static readonly DateTimeOffset s_noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly DueColumn s_closing = new("close", Orders, CloseTime, "status = 0");

    [Fact]
    public async Task Claim_TakesWhatIsDue_OldestFirst_UpToTheLimit()
    {
        await Commit(DueWork.Schedule("mail", "late", s_noon.AddSeconds(-1), "x"),
            DueWork.Schedule("mail", "later", s_noon.AddSeconds(1)));
        await Commit(DueWork.Schedule("mail", "early", s_noon.AddSeconds(-9)),
            DueWork.Schedule("other", "o", s_noon.AddSeconds(-9)));

        var first = Assert.Single(await Claim("me", s_noon, limit: 1));
        Assert.Equal(new DueItem("mail", "early", 1), first);
        Assert.Equal([new DueItem("mail", "late", 1, "x")], await Claim("me", s_noon));
        Assert.Empty(await Claim("me", s_noon));
    }

    [Fact]
    public async Task Claim_OfWhatAnotherHas_WaitsUntilThatRunsOut()
    {
        await Commit(DueWork.Schedule("mail", "m", s_noon));
        Assert.Single(await Claim("me", s_noon));
        Assert.Empty(await Claim("you", s_noon.AddSeconds(29)));

        var again = Assert.Single(await Claim("you", s_noon.AddSeconds(30)));
        Assert.Equal(2, again.Attempts);
    }

    [Fact]
    public async Task Claim_ThatRanOut_CanNeitherCompleteNorRelease()
    {
        await Commit(DueWork.Schedule("mail", "m", s_noon));
        var (mine, item) = (ClaimOf("me", s_noon), Assert.Single(await Claim("me", s_noon)));
        await Claim("you", s_noon.AddSeconds(30));

        Assert.Equal(Conflict, await Commit(DueWork.Complete(item, mine)));
        Assert.Equal(Conflict, await Commit(DueWork.Release(item, mine, s_noon)));
        Assert.Equal(Applied, await Commit(DueWork.Complete(item, ClaimOf("you", s_noon.AddSeconds(30)))));
        Assert.Equal(0, await One(Number("select count(*) from due")));
    }

    [Fact]
    public async Task Release_MakesItDueAgain_AtItsTime()
    {
        await Commit(DueWork.Schedule("mail", "m", s_noon));
        var item = Assert.Single(await Claim("me", s_noon));
        await Commit(DueWork.Release(item, ClaimOf("me", s_noon), s_noon.AddSeconds(5)));

        Assert.Empty(await Claim("me", s_noon.AddSeconds(4)));
        Assert.Equal(2, Assert.Single(await Claim("me", s_noon.AddSeconds(5))).Attempts);
    }

    [Fact]
    public async Task Schedule_UnderAKeyThatHasWork_IsAConflict_AndRescheduleMovesIt()
    {
        await Commit(DueWork.Schedule("mail", "m", s_noon));
        Assert.Equal(Conflict, await Commit(DueWork.Schedule("mail", "m", s_noon)));
        Assert.Equal(Applied, await Commit(DueWork.Reschedule("mail", "m", s_noon.AddHours(1))));
        Assert.Empty(await Claim("me", s_noon));
    }

    [Fact]
    public async Task Reschedule_WhileItIsHandled_SurvivesTheCompletion()
    {
        await Commit(DueWork.Schedule("mail", "m", s_noon, "again"));
        var item = Assert.Single(await Claim("me", s_noon));
        await Commit(DueWork.Reschedule("mail", "m", s_noon.AddSeconds(10)));

        Assert.Equal(Conflict, await Commit(DueWork.Complete(item, ClaimOf("me", s_noon))));
        Assert.Equal("again", Assert.Single(await Claim("me", s_noon.AddSeconds(10))).Payload);
    }

    [Fact]
    public async Task Claim_OfADueColumn_MovesItsTimeAhead()
    {
        await Commit(Order(1, "a", s_noon.AddSeconds(-2)), Order(2, "b", s_noon.AddSeconds(-1)), Order(3, "c"),
            Order(4, "d", s_noon.AddSeconds(1)));
        await Commit(PayOrder.With(2, 0, Value.Null, 1, 1, s_noon.AddSeconds(-1)));

        var item = Assert.Single(await ClaimClosing("me", s_noon));
        Assert.Equal(("close", "1"), (item.Kind, item.Key));
        Assert.Empty(await ClaimClosing("you", s_noon));
        Assert.Equal(s_noon.AddSeconds(30).ToUnixTimeMilliseconds(),
            await One(Number("select close_time from orders where id = 1")));

        var later = await ClaimClosing("you", s_noon.AddSeconds(30));
        Assert.Equal(["1", "4"], later.Select(next => next.Key).Order());
    }

    [Fact]
    public async Task Release_OfADueColumn_YieldsToTheOwner()
    {
        await Commit(Order(1, "a", s_noon));
        var item = Assert.Single(await ClaimClosing("me", s_noon));
        await Commit(Orders.Update().Set(CloseTime).With(1, Value.Null));

        Assert.Equal(Conflict, await Commit(DueWork.Release(item, ClosingOf("me", s_noon), s_noon)));
        Assert.Equal(1, await One(Number("select count(*) from orders where close_time is null")));
    }

    private static DueClaim ClaimOf(string claimant, DateTimeOffset now, int limit = 10) =>
        new(claimant, ["mail"], now, now.AddSeconds(30), limit);

    private static DueClaim ClosingOf(string claimant, DateTimeOffset now) => ClaimOf(claimant, now) with { Column = s_closing };

    private async Task<IReadOnlyList<DueItem>> Claim(string claimant, DateTimeOffset now, int limit = 10) =>
        await Store.PickAsync(ShortQueries.Claim(ClaimOf(claimant, now, limit)));

    private Task<IReadOnlyList<DueItem>> ClaimClosing(string claimant, DateTimeOffset now) =>
        Store.PickAsync(ShortQueries.Claim(ClosingOf(claimant, now)));
}
