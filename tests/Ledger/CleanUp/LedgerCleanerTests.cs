using Microsoft.Extensions.Logging.Abstractions;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public sealed class LedgerCleanerTests
{
    private static readonly Column s_gid = new("gid", ColumnType.Text);
    private static readonly Column s_kind = new("kind", ColumnType.Text);
    private static readonly Column s_status = new("status", ColumnType.Text);
    private static readonly Column s_finishTime = new("finish_time", ColumnType.Number);
    private static readonly Column s_branchId = new("branch_id", ColumnType.Text);
    private static readonly Column s_op = new("op", ColumnType.Text);
    private static readonly RowShape s_saga =
        new Table("sagas", s_gid).Insert(s_gid, s_kind, s_status, CreateTime, UpdateTime, s_finishTime);
    private static readonly RowShape s_branch =
        new Table("saga_branches", s_gid, s_branchId, s_op).Insert(s_gid, s_branchId, s_op, s_status, UpdateTime);

    private readonly SimulatedLedger _mall = new(5);

    [Fact]
    public void Old_EndedSagas_TheirBranches_AndBarrierRows_Go_AndTheRestStays() => _mall.Run(
        async () =>
        {
            await Saga("ended", ended: true);
            await Saga("open", ended: false);
            await Effect("ended", "open", "no saga");
            await _mall.Pass(TimeSpan.FromDays(6));
            await Saga("young", ended: true);
            await Effect("young", "young without saga");
            var worker = Worker();
            await worker.StartedAsync(CancellationToken.None);

            await _mall.Pass(TimeSpan.FromHours(1));
            Assert.Equal(["ended", "open", "young"], await Gids("sagas"));
            Assert.Equal(["ended", "no saga", "open", "young", "young without saga"], await Gids("barrier"));

            await _mall.Pass(TimeSpan.FromDays(1));
            Assert.Equal(["open", "young"], await Gids("sagas"));
            Assert.Equal(["open", "young"], await Gids("saga_branches"));
            Assert.Equal(["open", "young", "young without saga"], await Gids("barrier"));
            await worker.StoppingAsync(CancellationToken.None);
        },
        TimeSpan.FromDays(10));

    [Fact]
    public void Thousands_GoInSmallSteps_AndSomebodyElseGoesOnWhereOneStopped() => _mall.Run(
        async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, 3 * LedgerCleaner.RowsAStep / 2).Select(i => Effect($"{i:00000}")));
            await _mall.Pass(TimeSpan.FromDays(8));
            var cleaner = new LedgerCleaner(_mall.Ledger, _mall.Options, _mall.Time, new LedgerMetrics());
            await LedgerCleaner.ScheduleAsync(_mall.Ledger, _mall.Time, CancellationToken.None);
            using var stopped = new CancellationTokenSource(TimeSpan.FromMilliseconds(75), _mall.Time);
            var middle = new Sweep(1, ["00499", "01", "action", "01"]).ToString();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cleaner.HandleAsync(Item(null), stopped.Token));
            Assert.Equal(LedgerCleaner.RowsAStep / 2, await Count());
            await cleaner.HandleAsync(Item(middle), CancellationToken.None);
            Assert.Equal(0, await Count());
        },
        TimeSpan.FromDays(10));

    private static DueItem Item(string? payload) => new(LedgerCleaner.KindOfWork, "all", DateTimeOffset.UnixEpoch, 1, payload);

    private Task<long> Count() => _mall.One(Number("select count(*) from barrier"));

    private DueWorker Worker()
    {
        var metrics = new LedgerMetrics();
        var cleaner = new LedgerCleaner(_mall.Ledger, _mall.Options, _mall.Time, metrics);
        return new DueWorker(_mall.Store, _mall.Ledger, [cleaner], [], _mall.Options, _mall.Time, metrics,
            NullLogger<DueWorker>.Instance);
    }

    private Task<CommitOutcome> Saga(string gid, bool ended)
    {
        var now = _mall.Time.GetUtcNow();
        Value finished = ended ? now : Value.Null;
        return _mall.Commit(s_saga.With(gid, "order", ended ? "succeed" : "submitted", now, now, finished),
            s_branch.With(gid, "01", "action", "succeed", now));
    }

    private async Task Effect(params string[] gids)
    {
        foreach (var gid in gids) await _mall.Ledger.CommitAsync(new WriteSet(Action(gid)));
    }

    private Task<IReadOnlyList<string>> Gids(string table) =>
        _mall.Ledger.QueryAsync(new Query<string>($"select gid from {table} order by gid", row => row.GetString(0)));
}
