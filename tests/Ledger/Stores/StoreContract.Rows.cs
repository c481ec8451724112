using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task WriteSet_IsAllOrNothing()
    {
        Assert.Equal(Conflict, await Commit(Setting("a", "1"), User(1, "138"), Take(1, 1)));

        Assert.Empty(await All(SettingOf, "a"));
        Assert.Equal(0, await One(Number("select count(*) from users")));
    }

    [Fact]
    public async Task Insert_WithAPrimaryKeyOrUniqueValueThatIsThere_IsAConflict()
    {
        Assert.Equal(Applied, await Commit(User(1, "138")));
        Assert.Equal(Conflict, await Commit(User(1, "139")));
        Assert.Equal(Conflict, await Commit(User(2, "138")));
        Assert.Equal(Applied, await Commit(User(2, "139")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain")]
    [InlineData("'; drop table users; --")]
    [InlineData("漢字 🛒 é")]
    [InlineData(" trailing ")]
    public async Task Text_ComesBackAsItWent(string text)
    {
        await Commit(Setting(text, text));
        Assert.Equal(text, await One(SettingOf, text));
    }

    [Fact]
    public async Task LongText_AndNull_AndExtremeNumbers_ComeBackAsTheyWent()
    {
        var text = new string('ß', 100_000);
        await Commit(Setting("long", text), Setting("null", null), Order(long.MaxValue, "g"));

        Assert.Equal(text, await One(SettingOf, "long"));
        Assert.Null(await One(SettingOf, "null"));
        Assert.Equal(long.MaxValue, await One(Number("select id from orders where gid = 'g'")));
    }

    [Fact]
    public async Task TextKeys_AreCaseSensitive()
    {
        Assert.Equal(Applied, await Commit(Setting("key", "lower")));
        Assert.Equal(Applied, await Commit(Setting("KEY", "upper")));
        Assert.Equal("lower", await One(SettingOf, "key"));
        Assert.Equal(Applied, await Commit(Action("g"), Setting("x", "1")));
        Assert.Equal(Applied, await Commit(Action("G"), Setting("y", "1")));
    }

    [Fact]
    public async Task Guard_OnNull_MatchesNullAlone()
    {
        await Commit(Order(1, "g", DateTimeOffset.UnixEpoch));
        Assert.Equal(Conflict, await Commit(PayOrder.With(1, 0, 5, 1, 7, Value.Null)));
        Assert.Equal(Applied, await Commit(PayOrder.With(1, 0, Value.Null, 1, 7, Value.Null)));
        Assert.Equal(Conflict, await Commit(PayOrder.With(1, 0, Value.Null, 1, 8, Value.Null)));

        Assert.Equal(7, await One(Number("select paid_time from orders where id = 1 and status = 1 and close_time is null")));
    }

    [Fact]
    public async Task Update_ThatChangesNothing_IsApplied()
    {
        await Commit(Setting("a", "1"));
        Assert.Equal(Applied, await Commit(SetSetting.With("a", "1")));
        Assert.Equal(Applied, await Commit(Settings.Update().With("a")));
    }

    [Fact]
    public async Task UpdateOrDelete_OfNoSuchRow_IsAConflict()
    {
        Assert.Equal(Conflict, await Commit(SetSetting.With("a", "1")));
        Assert.Equal(Conflict, await Commit(DeleteSetting.With("a", "1")));
        Assert.Equal(Conflict, await Commit(Settings.Update().With("a")));
    }

    [Fact]
    public async Task Delete_WithAGuard_DeletesWhatItExpects()
    {
        await Commit(Setting("a", "1"));
        Assert.Equal(Conflict, await Commit(DeleteSetting.With("a", "2")));
        Assert.Equal(Applied, await Commit(DeleteSetting.With("a", "1")));
        Assert.Empty(await All(SettingOf, "a"));
    }

    [Fact]
    public async Task AddNotNegative_BelowZero_IsAConflict()
    {
        await Commit(Product(1, 2));
        Assert.Equal(Conflict, await Commit(Take(1, 3)));
        Assert.Equal(Applied, await Commit(Take(1, 2)));
        Assert.Equal((0, 2), await One(ProductRow, 1));
    }

    [Fact]
    public async Task AddsToOneRow_InOneBatch_AreSummed()
    {
        await Commit(Product(1, 100), Product(2, 100));
        var outcomes = await ApplyTogether(
            [.. Enumerable.Range(0, 50).Select(i => new WriteSet(Action($"g{i}"), Take(1, 1), Take(2, 2)))]);

        Assert.All(outcomes, outcome => Assert.Equal(Applied, outcome));
        Assert.Equal((50, 50), await One(ProductRow, 1));
        Assert.Equal((0, 100), await One(ProductRow, 2));
    }

    [Fact]
    public async Task AddsThatTogetherAskTooMuch_AreServedAsFarAsTheyGo()
    {
        await Commit(Product(1, 10));
        var outcomes = await ApplyTogether([.. Enumerable.Range(0, 5).Select(i => new WriteSet(Action($"g{i}"), Take(1, 3)))]);

        Assert.Equal([Applied, Applied, Applied, Conflict, Conflict], outcomes);
        Assert.Equal((1, 9), await One(ProductRow, 1));
        Assert.Equal(3, await One(Number("select count(*) from barrier")));
    }

    [Fact]
    public async Task LosersInABatch_HarmNobodyElse()
    {
        await Commit(Product(1, 10), Product(2, 10, epoch: 9), User(1, "138"));
        var outcomes = await ApplyTogether(
            new WriteSet(Action("a"), Take(1, 1)),
            new WriteSet(Action("stale"), Take(2, 1, epoch: 8)),
            new WriteSet(Action("taken"), User(2, "138"), Setting("taken", "1")),
            new WriteSet(Action("b"), Take(1, 1), User(3, "139")),
            new WriteSet(Action("half"), Take(1, 1), SetSetting.With("none", "1")));

        Assert.Equal([Applied, Conflict, Conflict, Applied, Conflict], outcomes);
        Assert.Equal((8, 2), await One(ProductRow, 1));
        Assert.Equal((10, 0), await One(ProductRow, 2));
        Assert.Empty(await All(SettingOf, "taken"));
        Assert.Equal(["a", "b"], await All(new Query<string>("select gid from barrier order by gid", row => row.GetString(0))));
    }

    [Fact]
    public async Task UniqueValue_IsNotTakenByALoser()
    {
        // The first asks for the mobile and loses for another reason; the second must get it.
        var outcomes = await ApplyTogether(
            new WriteSet(Action("a"), User(1, "138"), SetSetting.With("none", "1")),
            new WriteSet(Action("b"), User(2, "138")));

        Assert.Equal([Conflict, Applied], outcomes);
        Assert.Equal(2, await One(Number("select id from users where mobile = '138'")));
    }

    [Fact]
    public async Task ImpossibleStatement_IsAFaultOfItsAuthorAlone()
    {
        var unknownColumn = Settings.Insert(SettingName, new Column("no_such_column", ColumnType.Number));
        await Commit(Product(1, 10));
        var outcomes = await ApplyTogether(
            new WriteSet(Action("a"), Take(1, 1)),
            new WriteSet(Action("b"), unknownColumn.With("x", 1)),
            new WriteSet(Action("c"), Products.Update().Set(Stock).With(2, -1), Setting("c", "1")),
            new WriteSet(Action("d"), Users.Insert(Id, Mobile).With(7, "138")));

        Assert.Equal([Applied, nameof(LedgerFaultException), Conflict, nameof(LedgerFaultException)], outcomes);
        await Assert.ThrowsAsync<LedgerFaultException>(() => Commit(unknownColumn.With("x", 1)));
        await Assert.ThrowsAsync<LedgerFaultException>(() => Commit(Products.Update().Set(Stock).With(1, -1)));
        Assert.Equal((9, 1), await One(ProductRow, 1));
    }

    [Fact]
    public async Task Query_ThatIsNoSql_IsAFault() =>
        await Assert.ThrowsAsync<LedgerFaultException>(() => All(Number("select nothing from nowhere")));

    [Fact]
    public async Task CommitMark_SaysWhichBatchesHaveCommitted()
    {
        var batch = BatchOf(new WriteSet(Setting("a", "1")));
        (batch.Committer, batch.Number) = ("me", 7);
        await OnScheduler(() => Store.ApplyAsync(batch).AsTask());

        await OnScheduler(async () =>
        {
            Assert.True(await Store.HasCommittedAsync("me", 7));
            Assert.False(await Store.HasCommittedAsync("me", 8));
            Assert.False(await Store.HasCommittedAsync("somebody else", 7));
        });
    }
}
