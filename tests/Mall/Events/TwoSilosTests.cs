using System.Collections.Concurrent;
using System.Globalization;
using Mall.Events;
using Mall.Schedules;
using Mall.Tests.Hosting;
using Mall.TestServers;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Events;

/// <summary>Two silos of one cluster on one database: what happens on both is told once, and what is due is done once.</summary>
public sealed class TwoSilosTests(TwoSilos databases) : IClassFixture<TwoSilos>
{
    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Events_OfManyWriters_AreSeenOnce_InTheOrderOfTheirCommits_ByWhoFollows(DatabaseKind kind)
    {
        var (silos, _, _) = await databases.OnAsync(kind);
        const int writers = 8, each = 8;
        var log = silos[0].Grains.GetGrain<IEventLogGrain>(0);
        var start = await log.End();
        var answered = new ConcurrentDictionary<long, long>(); // Of a user: what was settled when the answer came.

        var writing = Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            for (var i = 0; i < each; i++)
            {
                var mobile = string.Create(CultureInfo.InvariantCulture, $"1390000{writer:00}{i:00}");
                var user = await silos[writer % 2].RegisterAsync(mobile);
                answered[user] = await silos[(writer + 1) % 2].Grains.GetGrain<IEventLogGrain>(0).End();
            }
        }));
        List<MallEvent> seen = [];
        var (after, reads) = (start, 0);
        await TestMall.EventuallyAsync(
            async () =>
            {
                var page = await silos[reads++ % 2].Grains.GetGrain<IEventLogGrain>(0).List(after, limit: 3);
                seen.AddRange(page.Items);
                after = page.Cursor;
                return seen.Count >= writers * each;
            },
            "all are seen");
        await writing;

        Assert.Equal(
            answered.Keys.Select(user => $"user/{user}").Order(StringComparer.Ordinal),
            seen.Select(happened => happened.Subject).Order(StringComparer.Ordinal));
        Assert.Equal(seen.Select(happened => happened.Id).Distinct().Order(), seen.Select(happened => happened.Id));
        Assert.Equal(seen.Select(happened => happened.Id), (await log.List(start, 1_000)).Items.Select(happened => happened.Id));
        Assert.Empty((await log.List(after, 10)).Items);
        Assert.True(reads > 1, "Nobody has followed.");
    }

    /// <summary>Its time is when either of them looks first.</summary>
    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Schedule_ThatIsDue_RunsOnceOnTwoSilos(DatabaseKind kind)
    {
        var (silos, job, server) = await databases.OnAsync(kind);
        await server.RunSqlAsync(
            "insert into schedules (name, cron, zone, next_time, outcome) values ('counted', '0 0 1 1 *', 'UTC', 0, '')",
            TwoSilos.Database, TestContext.Current.CancellationToken);

        ScheduleView? schedule = null;
        for (var times = 1; times <= 3; times++) // What had run twice would be one ahead at the next.
        {
            await TestMall.EventuallyAsync(
                async () => (schedule = (await silos[1].Grains.GetGrain<IScheduleDirectoryGrain>(0).List())
                    .Single(s => s.Name == "counted")).Outcome == $"run {times}",
                $"it has run {times} times");
            Assert.Equal(times, job.Runs);
            Assert.Equal((1, 1), (schedule!.NextRun!.Value.Month, schedule.NextRun.Value.Day));
            await server.RunSqlAsync(
                "update schedules set next_time = 0 where name = 'counted'", TwoSilos.Database,
                TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>Two silos on each server's database, opened when first asked for.</summary>
public sealed class TwoSilos : IAsyncDisposable
{
    public const string Database = "two_silos";

    private readonly Dictionary<DatabaseKind, (TestMall[] Silos, CountedJob Job, DatabaseServer Server)> _open = [];

    public async Task<(TestMall[] Silos, CountedJob Job, DatabaseServer Server)> OnAsync(DatabaseKind kind)
    {
        if (_open.TryGetValue(kind, out var open)) return open;
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(kind);
        var address = await server.CreateDatabaseAsync(Database, TestContext.Current.CancellationToken);
        var job = new CountedJob();
        var one = await TestMall.OpenAsync(services: all => all.AddSingleton<IScheduledJob>(job), database: address);
        var two = await TestMall.OpenAsync(services: all => all.AddSingleton<IScheduledJob>(job), database: address, joins: one);
        return _open[kind] = ([one, two], job, server);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _open.Values.SelectMany(open => open.Silos)) await silo.DisposeAsync();
    }

    public sealed class CountedJob : IScheduledJob
    {
        private int _runs;

        public int Runs => _runs;

        public string Name => "counted";

        public Task<string> RunAsync(DateTimeOffset now, TimeZoneInfo zone) =>
            Task.FromResult($"run {Interlocked.Increment(ref _runs)}");
    }
}
