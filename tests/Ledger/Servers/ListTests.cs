using System.Collections.Concurrent;
using Mall.Ledger.Stores;
using Mall.TestServers;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>Lists on a server on which several silos commit: whoever follows one sees each row once and misses none.</summary>
public abstract class ListTests(DatabaseKind kind) : IAsyncLifetime
{
    private static readonly RowShape s_insert =
        Orders.Insert(Id, Gid, UserId, Amount, Status, CreateTime, UpdateTime).Listed();

    private static readonly Query<(long Position, long Id)> s_page = new(
        """
        select position, id from orders where position >= @p1 and (position > @p1 or id > @p2) and position <= @p3
        order by position, id limit 7
        """,
        row => (row.GetInt64(0), row.GetInt64(1)));

    private readonly List<DurableLedger> _ledgers = [];
    private (long Position, long Id) _place;

    private protected ServerDatabase Database { get; } = new(kind, "lists");

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await Database.PrepareAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var ledger in _ledgers) await ledger.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task List_FollowedWhileThreeSilosCommit_GivesEachRowOnce()
    {
        DurableLedger[] silos = [await OpenAsync(), await OpenAsync(), await OpenAsync()];
        var (committed, isOver) = (new ConcurrentBag<long>(), false);
        var writers = Task.WhenAll(Enumerable.Range(0, 24).Select(writer => Task.Run(async () =>
        {
            var silo = silos[writer % silos.Length];
            for (var i = 0; i < 40; i++)
            {
                var id = await silo.NextIdAsync("orders", Cancel);
                if (i % 3 == 0) await Task.Yield();
                await CommitAsync(silo, id);
                committed.Add(id);
            }
        }, Cancel)));

        var seen = new List<long>();
        while (!isOver)
        {
            isOver = writers.IsCompleted;
            seen.AddRange(await FollowAsync(silos[0]));
        }

        await writers;
        Assert.Equal(committed.Order(), seen.Order());
    }

    [Fact]
    public async Task List_WhileAnOlderCommitIsUnderWay_HoldsBackWhatIsNewer_AndThenGivesBoth()
    {
        var silo = await OpenAsync();
        await CommitAsync(silo, 1);
        await using (var other = await OtherSession.LockAsync(Database.Server, "lists", CommitterAtWork(id: 2)))
        {
            await CommitAsync(silo, 3);
            Assert.Equal([1], await FollowAsync(silo));
            await other.CommitAsync();
        }

        Assert.Equal([2, 3], (await FollowAsync(silo)).Order());
    }

    [Fact]
    public async Task List_WhileAStrangersTransactionIsOpen_IsNotHeldBack()
    {
        var silo = await OpenAsync();
        await using var stranger = await OtherSession.LockAsync(
            Database.Server, "lists", "insert into settings (name, value) values ('a', 'b')");
        await CommitAsync(silo, 1);
        Assert.Equal([1], await FollowAsync(silo));
    }

    [Fact]
    public async Task List_AfterACommitterWasCutOff_GoesOn()
    {
        var silo = await OpenAsync();
        await using (await OtherSession.LockAsync(Database.Server, "lists", CommitterAtWork(id: 1_000_000)))
            await CommitAsync(silo, 1);
        Assert.Equal([1], await FollowAsync(silo));
    }

    private protected async Task<DurableLedger> OpenAsync()
    {
        var options = TestStores.OptionsFor(Database.Address);
        options.Random = new Random();
        var store = LedgerServices.StoreAt(options, TimeProvider.System);
        var ledger = TestStores.LedgerOn(store, options);
        await ledger.OpenAsync(Cancel);
        _ledgers.Add(ledger);
        return ledger;
    }

    private protected static async Task CommitAsync(DurableLedger silo, long id) => Assert.Equal(
        CommitOutcome.Applied, await silo.CommitAsync(new WriteSet(s_insert.With(id, $"g{id}", 1, 100, 0, 0, 0))));

    /// <summary>What has come since the last time.</summary>
    private protected async Task<List<long>> FollowAsync(DurableLedger silo)
    {
        var ids = new List<long>();
        while (true)
        {
            var settled = await silo.SettledAsync(Cancel);
            var page = await silo.QueryAsync(s_page, Cancel, _place.Position, _place.Id, settled);
            if (page.Count == 0) return ids;
            ids.AddRange(page.Select(row => row.Id));
            _place = page[^1];
        }
    }

    /// <summary>What a committer sends, up to its commit.</summary>
    private protected abstract string CommitterAtWork(long id);
}

public sealed class PostgresListTests() : ListTests(DatabaseKind.Postgres)
{
    [Fact]
    public async Task List_OfADatabaseThatWasRestoredOnAnotherServer_GoesOnBehindWhatIsThere()
    {
        var silo = await OpenAsync();
        await CommitAsync(silo, 1);
        foreach (var table in (string[])["orders", "commit_marks"])
            await Database.Server.RunSqlAsync($"update {table} set position = position + 1000000000", "lists", Cancel);
        await silo.DisposeAsync();

        var restored = await OpenAsync();
        await CommitAsync(restored, 2);
        Assert.Equal([1, 2], await FollowAsync(restored));
        await CommitAsync(restored, 3);
        Assert.Equal([3], await FollowAsync(restored));
    }

    private protected override string CommitterAtWork(long id) => $"""
        set application_name = 'mall-committer-of-a-test';
        insert into commit_marks (committer, number, update_time, position)
        values ('test', 1, 0, list_position(pg_current_xact_id()));
        insert into orders (id, gid, user_id, amount, status, create_time, update_time, position)
        values ({id}, 'g{id}', 1, 100, 0, 0, 0, list_position(pg_current_xact_id()))
        """;
}

public sealed class MariaDbListTests() : ListTests(DatabaseKind.MariaDb)
{
    // Under names and ids of its own: where a row with the same key was deleted by an earlier test, its insert would lock the gap
    // that silos write to meanwhile. In the mall no such key is ever used again.
    private protected override string CommitterAtWork(long id) => $"""
        select 1 + coalesce(max(position), 0) into @position from commit_marks;
        insert into commit_marks (committer, number, update_time, position) values ('test {id}', 1, 0, @position);
        select 1 + max(position) into @position from commit_marks;
        insert into orders (id, gid, user_id, amount, status, create_time, update_time, position)
        values ({id}, 'g{id}', 1, 100, 0, 0, 0, @position)
        """;
}
