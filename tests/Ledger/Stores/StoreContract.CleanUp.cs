using static Mall.Ledger.Tests.SagaTables;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task CleanUp_RemovesTheOldestSagasWithTheirTraces_UpToTheLimit()
    {
        foreach (var (i, gid) in ((string[])["a", "b", "c", "young"]).Index())
            await Ledger.CommitAsync(Saga(gid, s_noon.AddSeconds(i)), Cancel);
        await Ledger.CommitAsync(Saga("open", s_noon, ended: false), Cancel);
        await Commit(Action("b", "02"));

        Assert.Equal(2, await Store.CleanUpAsync(s_noon.AddSeconds(3), s_noon, 2));
        Assert.Equal(["c", "open", "young"], await Gids("sagas"));
        Assert.Equal(["c", "open", "young"], await Gids("barrier"));
        Assert.Equal(["c", "open", "young"], await Gids("saga_branches"));
        Assert.Equal(1, await Store.CleanUpAsync(s_noon.AddSeconds(3), s_noon, 2));
        Assert.Equal(0, await Store.CleanUpAsync(s_noon.AddSeconds(3), s_noon, 2));
        Assert.Equal(["open", "young"], await Gids("sagas"));
    }

    [Fact]
    public async Task CleanUp_OfASagaUnderAKey_LeavesItsRow_SoThatARepeatFindsIt_AndLooksAtItOnce()
    {
        await Ledger.CommitAsync(Saga("keyed", s_noon, requestHash: "hash"), Cancel);
        await Ledger.CommitAsync(Saga("free", s_noon), Cancel);

        Assert.Equal(2, await Store.CleanUpAsync(s_noon.AddSeconds(1), s_noon, 10));
        Assert.Equal(["keyed"], await Gids("sagas"));
        Assert.Empty(await Gids("barrier"));
        Assert.Empty(await Gids("saga_branches"));
        Assert.Equal(0, await Store.CleanUpAsync(s_noon.AddSeconds(1), s_noon, 10));
        Assert.Equal(["hash succeed"], await All(new Query<string>(
            "select request_hash, status from sagas", row => $"{row.GetString(0)} {row.GetString(1)}")));
    }

    private Task<IReadOnlyList<string>> Gids(string table) =>
        All(new Query<string>($"select gid from {table} order by gid", row => row.GetString(0)));
}
