using System.Globalization;
using Mall.TestServers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mall.Ledger.Tests;

/// <summary>Silos whose clocks are an hour off do work when it is due by the database's clock, and not before.</summary>
public abstract class ClockTests(DatabaseKind kind)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task DueWork_OnASiloWhoseClockIsAnHourOff_IsDoneInTime(int hours)
    {
        var database = new ServerDatabase(kind, "clocks");
        await database.PrepareAsync();
        var options = TestStores.OptionsFor(database.Address);
        var clock = new LedgerClock(new OffClock(TimeSpan.FromHours(hours)));
        var store = LedgerServices.StoreAt(options, clock);
        using var metrics = new LedgerMetrics();
        await using var ledger = new DurableLedger(store, options, clock, metrics, NullLogger<DurableLedger>.Instance);
        await ledger.OpenAsync(Cancel);
        var mail = new Postman();
        using var worker = new DueWorker(store, ledger, [mail], [], options, clock, metrics, NullLogger<DueWorker>.Instance);
        var now = DateTimeOffset.UtcNow;
        await ledger.CommitAsync(new WriteSet(
            DueWork.Schedule("mail", "early", now.AddMinutes(-30)),
            DueWork.Schedule("mail", "late", now.AddMinutes(30))));

        worker.Start();
        Assert.Equal("early", await mail.Delivered.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        await worker.StopAsync(Cancel);

        Assert.InRange(clock.GetUtcNow(), now.AddMinutes(-1), now.AddMinutes(5));
        Assert.Equal("late 0", await database.Server.RunSqlAsync(
            "select concat(d.key, ' ', attempts) from due d where kind = 'mail' and claimed_by is null", "clocks", Cancel));
        var barrier = await ledger.CommitAsync(new WriteSet(TestTables.Action("g")));
        Assert.Equal(CommitOutcome.Applied, barrier);
        Assert.InRange(
            long.Parse(await database.Server.RunSqlAsync("select create_time from barrier", "clocks", Cancel),
                CultureInfo.InvariantCulture),
            now.AddMinutes(-1).ToUnixTimeMilliseconds(), now.AddMinutes(5).ToUnixTimeMilliseconds());
    }

    private sealed class OffClock(TimeSpan off) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + off;
    }
}

public sealed class PostgresClockTests() : ClockTests(DatabaseKind.Postgres);

public sealed class MariaDbClockTests() : ClockTests(DatabaseKind.MariaDb);
