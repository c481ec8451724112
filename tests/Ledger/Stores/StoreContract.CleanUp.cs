using Mall.Ledger.Stores;
using static Mall.Ledger.Tests.SagaTables;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task CleanUp_RemovesTheOldestSagasWithTheirTraces_UpToTheLimit()
    {
        foreach (var (i, gid) in ((string[])["a", "b", "c", "young"]).Index())
            await Ledger.CommitAsync(Saga(gid, s_noon.AddSeconds(i)));
        await Ledger.CommitAsync(Saga("open", s_noon, ended: false));
        await Commit(Action("b", "02"));

        Assert.Equal(2, await CleanUp());
        Assert.Equal(["c", "open", "young"], await Gids("sagas"));
        Assert.Equal(["c", "open", "young"], await Gids("barrier"));
        Assert.Equal(["c", "open", "young"], await Gids("saga_branches"));
        Assert.Equal(1, await CleanUp());
        Assert.Equal(0, await CleanUp());
        Assert.Equal(["open", "young"], await Gids("sagas"));
    }

    private async Task<int> CleanUp() => (await Store.PickAsync(ShortQueries.CleanUp(s_noon.AddSeconds(3), 2))).Count;

    private Task<IReadOnlyList<string>> Gids(string table) =>
        All(new Query<string>($"select gid from {table} order by gid", row => row.GetString(0)));
}
