using Mall.Ledger.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public sealed class DueWorkerTests
{
    private readonly SimulatedLedger _mall = new(3);
    private readonly Handler _mail;
    private readonly Handler _closing;
    private DueWorker? _worker;

    public DueWorkerTests() => (_mail, _closing) = (new Handler("mail", _mall.Time), new Handler("close", _mall.Time));

    [Fact]
    public void Work_IsDone_WhenItsTimeHasCome_AndItsRowGoes() => Run(async () =>
    {
        await _mall.Commit(DueWork.Schedule("mail", "m", Now.AddSeconds(10), "hello"));
        await _mall.Pass(TimeSpan.FromSeconds(9));
        Assert.Empty(_mail.Done);

        await _mall.Pass(TimeSpan.FromSeconds(2.1));
        Assert.Equal(["m hello 1"], _mail.Done);
        Assert.Equal(0, await Left());
    });

    [Fact]
    public void Work_ThatAlwaysIs_StaysAsItsHandlerLeavesIt()
    {
        _mail.StandingKey = "all";
        Run(async () =>
        {
            await _mall.Pass(TimeSpan.FromSeconds(5));
            Assert.Equal(["all  1"], _mail.Done);
            Assert.Equal(1, await Left());
        });
    }

    [Fact]
    public void Work_ThatFails_IsTriedAgain_LessAndLessOften_WithinACap() => Run(async () =>
    {
        _mail.Fails = true;
        await _mall.Commit(DueWork.Schedule("mail", "m", Now));
        await _mall.Pass(TimeSpan.FromMinutes(5));
        Assert.InRange(_mail.Begun.Count, 5, 13);
        _mail.Begun.Clear();
        await _mall.Pass(TimeSpan.FromHours(2));
        Assert.InRange(_mail.Begun.Count, 23, 49); // Every 2.5 to 5 minutes.

        _mail.Fails = false;
        await _mall.Pass(TimeSpan.FromMinutes(6));
        Assert.Equal(0, await Left());
    });

    [Fact]
    public void Work_BeyondTheConcurrency_WaitsForRoom() => Run(async () =>
    {
        _mail.Takes = TimeSpan.FromSeconds(3);
        foreach (var i in Enumerable.Range(0, 20)) await _mall.Commit(DueWork.Schedule("mail", $"{i}", Now));
        await _mall.Pass(TimeSpan.FromSeconds(30));

        Assert.Equal(3, _mail.MostAtOnce); // One place is the other source's.
        Assert.Equal(20, _mail.Done.Distinct().Count());
        Assert.Equal(20, _mail.Begun.Count);
    });

    [Fact]
    public void Work_ThatHangs_LeavesTheRestOfTheRoomToOthers() => Run(async () =>
    {
        _mail.Takes = TimeSpan.FromHours(1);
        foreach (var i in Enumerable.Range(0, 3)) await _mall.Commit(DueWork.Schedule("mail", $"{i}", Now)); // Of room for 4.
        await _mall.Pass(TimeSpan.FromSeconds(5));
        await _mall.Commit(Order(7, "g", Now));
        await _mall.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal("7  1", _closing.Done.First());
    });

    [Fact]
    public void Work_OfOneKind_HoweverMuchOfItFailsSlowly_HoldsUpNoOther() => Run(async () =>
    {
        (_mail.Takes, _mail.Fails) = (TimeSpan.FromSeconds(3), true);
        foreach (var i in Enumerable.Range(0, 100)) await _mall.Commit(DueWork.Schedule("mail", $"{i}", Now));
        await _mall.Pass(TimeSpan.FromSeconds(10));
        await _mall.Commit(Order(7, "g", Now));
        await _mall.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal("7  1", _closing.Done.First());
    });

    [Fact]
    public void Work_IsDone_AlsoWhenTheDatabaseWasDown() => Run(async () =>
    {
        await _mall.Commit(DueWork.Schedule("mail", "m", Now.AddSeconds(5)));
        _mall.Store.IsDown = true;
        await _mall.Pass(TimeSpan.FromSeconds(20));
        Assert.Empty(_mail.Done);

        _mall.Store.IsDown = false;
        await _mall.Pass(TimeSpan.FromSeconds(2));
        Assert.Single(_mail.Done);
    });

    [Fact]
    public void Work_OfAProcessThatDied_IsDoneByAnother() => Run(async () =>
    {
        await _mall.Commit(DueWork.Schedule("mail", "m", Now));
        var dead = new DueClaim("dead", ["mail"], Now, Now.AddSeconds(30), 10);
        Assert.Single(await _mall.Store.PickAsync(ShortQueries.Claim(dead)));

        await _mall.Pass(TimeSpan.FromSeconds(29));
        Assert.Empty(_mail.Done);
        await _mall.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal(["m  2"], _mail.Done);
    });

    [Fact]
    public void DueColumn_IsHandled_AndFailuresAreCounted() => Run(async () =>
    {
        _closing.Fails = true;
        await _mall.Commit(Order(7, "g", Now));
        await _mall.Pass(TimeSpan.FromSeconds(8));
        Assert.InRange(_closing.Begun.Count, 3, 6);
        Assert.Equal("7  3", _closing.Begun[2]);

        _closing.Fails = false;
        await _mall.Pass(TimeSpan.FromMinutes(1));
        Assert.StartsWith("7 ", _closing.Done.First(), StringComparison.Ordinal);
    });

    [Fact]
    public void Stop_CancelsWhatRuns_AndReleasesIt() => Run(async () =>
    {
        _mail.Takes = TimeSpan.FromMinutes(10);
        await _mall.Commit(DueWork.Schedule("mail", "m", Now));
        await _mall.Pass(TimeSpan.FromSeconds(2));
        await _worker!.StopAsync(CancellationToken.None);

        Assert.Equal(1, await _mall.One(Number("select count(*) from due where claimed_by is null and attempts = 1")));
    });

    [Fact]
    public void Worker_ClaimsNothing_UntilTheDatabaseHasToldTheTime() => _mall.Run(
        async () =>
        {
            var store = new SilentStore(_mall.Store);
            using var worker = new DueWorker(
                store, _mall.Ledger, [_mail], [], _mall.Options, new LedgerClock(_mall.Time), new LedgerMetrics(),
                NullLogger<DueWorker>.Instance);
            await _mall.Ledger.CommitAsync(new WriteSet(DueWork.Schedule("mail", "1", Now.AddMinutes(-1))));
            worker.Start();
            await _mall.Pass(TimeSpan.FromMinutes(1));
            Assert.Equal(1, await _mall.One(Number("select count(*) from due where claimed_by is null and attempts = 0")));

            store.Told = Now;
            await _mall.Pass(TimeSpan.FromMinutes(1));
            Assert.Equal(0, await Left());
            await worker.StopAsync(CancellationToken.None);
        },
        TimeSpan.FromHours(5));

    [Fact]
    public void Worker_WithoutAHandlerForADueColumn_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => NewWorker([_mail]));

    private DateTimeOffset Now => _mall.Time.GetUtcNow();

    private Task<long> Left() => _mall.One(Number("select count(*) from due"));

    private DueWorker NewWorker(IDueHandler[] handlers) => new(
        _mall.Store, _mall.Ledger, handlers, [new DueColumn("close", Orders, CloseTime, "status = 0")],
        _mall.Options, new LedgerClock(_mall.Time), new LedgerMetrics(), NullLogger<DueWorker>.Instance);

    private void Run(Func<Task> scenario) => _mall.Run(
        async () =>
        {
            _mall.Options.DueConcurrency = 4;
            _worker = NewWorker([_mail, _closing]);
            _worker.Start();
            await scenario();
            await _worker.StopAsync(CancellationToken.None);
        },
        TimeSpan.FromHours(5));

    /// <summary>Does not answer the question for the time until it is told one.</summary>
    private sealed class SilentStore(IStore inner) : PassingStore(inner)
    {
        public DateTimeOffset? Told { get; set; }

        public override Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) =>
            Told is null ? throw new LedgerUnavailableException("silent") : Task.FromResult(Told);
    }

    private sealed class Handler(string kind, ManualTime time) : IDueHandler
    {
        private int _running;

        public string Kind => kind;

        public string? StandingKey { get; set; }

        public bool Fails { get; set; }

        public TimeSpan Takes { get; set; }

        public List<string> Begun { get; } = [];

        public List<string> Done { get; } = [];

        public int MostAtOnce { get; private set; }

        public async Task HandleAsync(DueItem item, CancellationToken cancellationToken)
        {
            var line = $"{item.Key} {item.Payload} {item.Attempts}";
            Begun.Add(line);
            MostAtOnce = Math.Max(MostAtOnce, ++_running);
            try
            {
                if (Takes > TimeSpan.Zero) await Task.Delay(Takes, time, cancellationToken);
                if (Fails) throw new InvalidOperationException("As told.");
                Done.Add(line);
            }
            finally
            {
                _running--;
            }
        }
    }
}
