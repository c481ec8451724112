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
}
