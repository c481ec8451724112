using Microsoft.Extensions.Logging.Abstractions;
using static Mall.Ledger.Tests.SagaTables;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public sealed class LedgerCleanerTests
{
    private readonly SimulatedLedger _mall = new(5);

    [Fact]
    public void Old_EndedSagas_TheirBranches_AndBarrierRows_GoTogether_AndTheRestStays() => _mall.Run(
        async () =>
        {
            await SagaAsync("ended", ended: true);
            await SagaAsync("open", ended: false);
            await _mall.Pass(TimeSpan.FromDays(6));
            await SagaAsync("young", ended: true);
            var worker = Worker();
            worker.Start();

            await _mall.Pass(TimeSpan.FromHours(1));
            foreach (var table in (string[])["sagas", "saga_branches", "barrier"])
                Assert.Equal(["ended", "open", "young"], await Gids(table));

            await _mall.Pass(TimeSpan.FromDays(1));
            foreach (var table in (string[])["sagas", "saga_branches", "barrier"])
                Assert.Equal(["open", "young"], await Gids(table));
            await worker.StopAsync(CancellationToken.None);
        },
        TimeSpan.FromDays(10));

    [Fact]
    public void More_ThanOneRunRemoves_GoesOnAtOnce() => _mall.Run(
        async () =>
        {
            const int Sagas = 3 * OldRows.AtOnce / 2;
            await Task.WhenAll(Enumerable.Range(0, Sagas).Select(i => SagaAsync($"{i}", ended: true)));
            await _mall.Pass(TimeSpan.FromDays(8));
            _mall.Options.DueClaim = TimeSpan.FromMilliseconds(1); // So that a run takes one step.
            await _mall.Commit(DueWork.Schedule(LedgerCleaner.KindOfWork, "all", _mall.Time.GetUtcNow()));
            var cleaner = Cleaner();

            await cleaner.HandleAsync(Item(), CancellationToken.None);
            Assert.Equal(Sagas - OldRows.AtOnce, await _mall.One(Number("select count(*) from barrier")));
            Assert.Equal(_mall.Time.GetUtcNow().ToUnixTimeMilliseconds(), await _mall.One(Number("select due_time from due")));
            await cleaner.HandleAsync(Item(), CancellationToken.None);
            Assert.Equal(0, await _mall.One(Number("select count(*) from barrier")));
        },
        TimeSpan.FromDays(10));

    [Fact]
    public void RowsOfOthers_GoAtTheAgeThatTheyAreGiven() => _mall.Run(
        async () =>
        {
            await _mall.Commit(Product(1, 1), Order(1, "a"), Order(2, "b"));
            await _mall.Commit(DueWork.Schedule(LedgerCleaner.KindOfWork, "all", _mall.Time.GetUtcNow()));
            var cleaner = Cleaner(Old(Orders, age: null), Old(Products, TimeSpan.FromDays(100_000)));
            await cleaner.HandleAsync(Item(), CancellationToken.None);
            Assert.Equal(0, await _mall.One(Number("select count(*) from orders")));
            Assert.Equal(1, await _mall.One(Number("select count(*) from products")));
        },
        TimeSpan.FromDays(10));

    private static OldRows Old(Table table, TimeSpan? age) => new(
        table.Name,
        new Query<RowChange>($"select id from {table} where create_time < @p1", row => table.Delete().With(row.GetInt64(0))),
        age);

    private static DueItem Item() => new(LedgerCleaner.KindOfWork, "all", 1);

    private LedgerCleaner Cleaner(params OldRows[] others) => new(
        _mall.Store, _mall.Ledger, _mall.Options, new LedgerClock(_mall.Time), new LedgerMetrics(), others);

    private DueWorker Worker() => new(_mall.Store, _mall.Ledger, [Cleaner()], [], _mall.Options,
        new LedgerClock(_mall.Time), new LedgerMetrics(), NullLogger<DueWorker>.Instance);

    private Task<CommitOutcome> SagaAsync(string gid, bool ended) =>
        _mall.Ledger.CommitAsync(Saga(gid, _mall.Time.GetUtcNow(), ended));

    private Task<IReadOnlyList<string>> Gids(string table) =>
        _mall.Ledger.QueryAsync(new Query<string>($"select gid from {table} order by gid", row => row.GetString(0)));
}
