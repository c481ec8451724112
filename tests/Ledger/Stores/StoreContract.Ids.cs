using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Ids_BeginWithOne_AndIncrease()
    {
        for (var expected = 1; expected <= 2_500; expected++) Assert.Equal(expected, await Ledger.NextIdAsync("orders", Cancel));
        Assert.Equal(1, await Ledger.NextIdAsync("users", Cancel));
    }

    [Fact]
    public async Task Ids_AskedForByManyAtOnce_AreNeverGivenTwice()
    {
        var asked = Enumerable.Range(0, 5_000).Select(_ => Ledger.NextIdAsync("orders", Cancel).AsTask()).ToList();
        var ids = await Task.WhenAll(asked);
        Assert.Equal(5_000, ids.Distinct().Count());
        Assert.Equal(1, ids.Min());
    }

    [Fact]
    public async Task Ids_ReservedByAnotherProcess_AreNotGivenHere()
    {
        Assert.Equal(1, await Store.ReserveIdsAsync("orders", 100));
        Assert.Equal(101, await Ledger.NextIdAsync("orders", Cancel));
        Assert.Equal(111, await Store.ReserveIdsAsync("orders", 5));
    }

    [Fact]
    public async Task Ids_AreGivenBack_UnlessOthersFollowed()
    {
        Assert.Equal(1, await Store.ReserveIdsAsync("a", 10));
        await Store.ReturnIdsAsync("a", 4, 11);
        Assert.Equal(4, await Store.ReserveIdsAsync("a", 10));

        Assert.Equal(1, await Store.ReserveIdsAsync("b", 10));
        Assert.Equal(11, await Store.ReserveIdsAsync("b", 10));
        await Store.ReturnIdsAsync("b", 4, 11);
        Assert.Equal(21, await Store.ReserveIdsAsync("b", 10));
    }

    [Fact]
    public async Task Ids_LeftWhenTheLedgerStops_AreReadyForTheNext()
    {
        var sequence = new IdSequence("orders", Store, TimeProvider.System, Options);
        for (var expected = 1; expected <= 37; expected++) Assert.Equal(expected, await sequence.NextAsync(Cancel));
        await sequence.CloseAsync();

        await Assert.ThrowsAsync<LedgerUnavailableException>(() => sequence.NextAsync(Cancel).AsTask());
        Assert.Equal(38, await One(Number("select next from id_blocks where name = 'orders'")));
    }
}
