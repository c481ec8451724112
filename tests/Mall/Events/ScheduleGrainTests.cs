using Mall.Schedules;
using Mall.TestFaults;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Events;

/// <summary>One run at a time, which does the job, and whose outcome is the job's.</summary>
public sealed class ScheduleGrainTests
{
    private static readonly TimeSpan s_third = TimeSpan.FromSeconds(10); // Of a lease, which is then prolonged.

    [Fact]
    public async Task A_run_that_an_operator_wants_does_the_job_though_its_first_time_is_just_being_found()
    {
        var job = new Job(() => Task.CompletedTask);
        await using var mall = await OpenAsync(job, outcome: "null");
        var schedule = mall.Grains.GetGrain<IScheduleGrain>("job");

        mall.Store.BeforeNext("from schedules where name", schedule.Start);
        mall.Store.FailNext(FaultPoint.BeforeTransaction); // So the first time is noted later, when the operator has come.

        var ran = await schedule.Run(null);

        Assert.Equal((1, "run 1"), (job.Runs, ran?.Value?.Outcome));
    }

    [Fact]
    public async Task A_job_that_ends_in_the_moment_in_which_its_lease_is_to_be_prolonged_has_not_failed()
    {
        var clock = new Clock();
        var job = new Job(async () =>
        {
            clock.IsWatched = true;
            var pass = await clock.Timer;

            // Told by another thread, the grain hears of it behind this turn of its own, with which the job ends.
            var passing = new Thread(() => pass());
            passing.Start();
            passing.Join();
        });
        await using var mall = await OpenAsync(job, outcome: "''", clock);

        var ran = await mall.Grains.GetGrain<IScheduleGrain>("job").Run(null);

        Assert.Equal("run 1", ran?.Value?.Outcome);
    }

    [Fact]
    public async Task A_job_that_takes_long_is_not_begun_again_beside_itself_because_nobody_asks_for_it()
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var job = new Job(() => end.Task);
        await using var mall = await OpenAsync(job, outcome: "''");
        var schedule = mall.Grains.GetGrain<IScheduleGrain>("job");
        await schedule.Start();
        await TestMall.EventuallyAsync(() => Task.FromResult(job.Runs == 1), "it runs");

        await mall.Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(
            TimeSpan.Zero, TestContext.Current.CancellationToken);
        var ran = schedule.Run(null);
        end.SetResult();

        Assert.Equal("run 1", (await ran)?.Value?.Outcome);
        Assert.Equal(1, job.Runs);
    }

    [Fact]
    public async Task A_job_that_is_always_too_much_for_the_database_has_failed_until_its_next_time()
    {
        var job = new Job(() => throw new StorageUnavailableException("It took too long.") { NothingHappened = true });
        await using var mall = await OpenAsync(job, outcome: "''");
        var schedule = mall.Grains.GetGrain<IScheduleGrain>("job");

        for (var run = 1; run < 3; run++) await Assert.ThrowsAsync<StorageUnavailableException>(() => schedule.Run(null));
        var given = await schedule.Run(null);

        Assert.Equal(3, job.Runs);
        Assert.Equal("failed: StorageUnavailableException: It took too long.", given?.Value?.Outcome);
    }

    /// <summary>A mall with that schedule, which is not due by itself.</summary>
    private static async Task<TestMall> OpenAsync(Job job, string outcome, TimeProvider? clock = null)
    {
        var mall = await TestMall.OpenAsync(
            services: s => s.AddSingleton<IScheduledJob>(job).AddSingleton(clock ?? TimeProvider.System));
        await mall.UntilSqlSaysAsync(["0"], "select count(*) from schedules where outcome is null"); // Those of every mall.
        await mall.ChangeAsync(
            $"insert into schedules (name, cron, zone, outcome) values ('job', '0 0 1 1 *', 'UTC', {outcome})");
        return mall;
    }

    private sealed class Job(Func<Task> work) : IScheduledJob
    {
        private int _runs;

        public int Runs => Volatile.Read(ref _runs);

        public string Name => "job";

        public async Task<string> RunAsync(DateTimeOffset now, TimeZoneInfo zone)
        {
            var run = Interlocked.Increment(ref _runs);
            await work();
            return $"run {run}";
        }
    }

    /// <summary>The real time, but that the time of one timer passes when a test says so.</summary>
    private sealed class Clock : TimeProvider
    {
        private readonly TaskCompletionSource<Action> _timer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The next timer of a third of a lease is the one.</summary>
        public volatile bool IsWatched;

        /// <summary>Lets its time pass.</summary>
        public Task<Action> Timer => _timer.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (IsWatched && dueTime == s_third) _timer.TrySetResult(() => callback(state));
            return timer;
        }
    }
}
