namespace Mall.Schedules;

/// <summary>
/// Runs one schedule: its one activation is the one place in the cluster where it runs. While it runs it keeps the row's time
/// ahead of the present, so that nobody else takes it up until this silo has died. All calls interleave: they share the run that
/// is under way, and everything else is in the row.
/// </summary>
[Reentrant]
public sealed partial class ScheduleGrain(
    GrainLedger ledger, LedgerClock clock, IEnumerable<IScheduledJob> jobs, ILogger<ScheduleGrain> log) : Grain, IScheduleGrain
{
    private const int MostUnavailable = 3;

    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);

    private int _unavailable; // Runs in a row that the database has cut short.
    private Task<ScheduleRow?>? _run;

    private string Name => this.GetPrimaryKeyString();

    public Task<Result<ScheduleView>?> Run(Idempotency? idempotency) => ledger.AnswerOnceAsync(
        idempotency, "schedule", resultId: 0, clock, ScheduleJson.Default.ScheduleView,
        async () =>
        {
            if (await FindAsync() is null) return null;
            ScheduleRow row;
            do
            {
                row = await StartRun(isWanted: true)
                    ?? throw new StorageUnavailableException($"What came of schedule {Name} could not be noted; it runs again.");
            }
            while (row.Outcome is null); // It had joined the run that only finds out the first time.
            return row.View;
        });

    public async Task<Result<ScheduleView>?> Change(ChangeSchedule command)
    {
        while (await FindAsync() is { } row)
        {
            var now = clock.GetUtcNow();
            var changed = row with
            {
                Cron = command.Cron ?? row.Cron, Zone = command.Zone ?? row.Zone, IsPaused = command.IsPaused ?? row.IsPaused,
            };
            if (Timetable.Complaint(changed.Cron, changed.Zone, now) is { } complaint) return complaint;
            changed = changed with { NextTime = Timetable.Next(changed.Cron, changed.Zone, now), Outcome = row.Outcome ?? "" };
            if (await ledger.CommitAsync(new WriteSet(ScheduleRows.Change(row, changed))) == CommitOutcome.Applied)
                return (Result<ScheduleView>)changed.View;
        }

        return null;
    }

    public Task Start()
    {
        _ = StartRun(isWanted: false); // It observes its own failures.
        return Task.CompletedTask;
    }

    private Task<ScheduleRow?> StartRun(bool isWanted) => _run is { IsCompleted: false } ? _run : _run = RunAsync(isWanted);

    /// <summary>Runs it and notes what came of it; the row afterwards.</summary>
    /// <param name="isWanted">By somebody, now; else it is run because its time has come.</param>
    private async Task<ScheduleRow?> RunAsync(bool isWanted)
    {
        try
        {
            if (await FindAsync() is not { } row) return null;
            if (!isWanted && row.Outcome is null)
            {
                var first = Timetable.Next(row.Cron, row.Zone, clock.GetUtcNow());
                await ledger.CommitAsync(new WriteSet(ScheduleRows.Begin(Name, first)));
                return row;
            }

            var outcome = await OutcomeAsync(row);
            while (await FindAsync() is { } found) // It may have been changed meanwhile.
            {
                var now = clock.GetUtcNow();
                var end = ScheduleRows.End(found, Timetable.Next(found.Cron, found.Zone, now), now, outcome);
                if (await ledger.CommitAsync(new WriteSet(end)) == CommitOutcome.Applied) break;
            }

            return await FindAsync();
        }
        catch (Exception failure) when (!isWanted) // The edge of the run: its time comes again when the lease has passed.
        {
            LogNotNoted(log, failure, Name);
            return null;
        }
    }

    private async Task<string> OutcomeAsync(ScheduleRow row)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(row.Zone);
        try
        {
            var running = jobs.First(job => job.Name == Name).RunAsync(clock.GetUtcNow(), zone);
            while (!running.IsCompleted)
            {
                DelayDeactivation(s_lease); // A run that is due is nobody's request, and this activation would pass for idle.

                // What came of it the job alone says, below: it may end between the time that passes here and the next line.
                Task waiting = running.WaitAsync(s_lease / 3, clock);
                await waiting.ConfigureAwait(
                    ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
                if (!running.IsCompleted) await StayAheadAsync();
            }

            var outcome = await running;
            _unavailable = 0;
            return outcome;
        }
        catch (Exception failure)
            when (failure is not (StorageUnavailableException or TooBusyException) || ++_unavailable == MostUnavailable)
        // The edge of the job: whatever went wrong is its outcome, and its next time comes. What the database has left in
        // doubt is done again, which each job allows; but not for ever, since what is too much for it stays too much.
        {
            _unavailable = 0;
            LogFailed(log, failure, Name);
            return $"failed: {failure.GetType().Name}: {failure.Message}";
        }
    }

    private async Task StayAheadAsync()
    {
        try
        {
            await ledger.CommitAsync(new WriteSet(ScheduleRows.Plan(Name, clock.GetUtcNow() + s_lease)));
        }
        catch (Exception failure) when (failure is StorageUnavailableException or TooBusyException)
        {
            // Whoever takes the schedule up meanwhile comes to this activation, and joins.
        }
    }

    private Task<ScheduleRow?> FindAsync() => ledger.FindAsync(ScheduleRows.ByName, Name);

    [LoggerMessage(3401, LogLevel.Error, "Schedule {Name} failed; it runs again at its next time")]
    private static partial void LogFailed(ILogger log, Exception failure, string name);

    [LoggerMessage(3402, LogLevel.Warning, "What came of schedule {Name} could not be noted; it runs again")]
    private static partial void LogNotNoted(ILogger log, Exception failure, string name);
}

/// <summary>Lists schedules; any number of callers at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class ScheduleDirectoryGrain(GrainLedger ledger) : Grain, IScheduleDirectoryGrain
{
    public async Task<ImmutableArray<ScheduleView>> List() =>
        [.. (await ledger.QueryAsync(ScheduleRows.All)).Select(row => row.View)];
}

/// <summary>Starts what is due. Idempotent: a schedule that runs already shrugs.</summary>
public sealed class ScheduleDueHandler(IGrainFactory grains) : IDueHandler
{
    public string Kind => ScheduleRows.Due.Kind;

    public Task HandleAsync(DueItem item, CancellationToken cancellationToken) =>
        grains.GetGrain<IScheduleGrain>(item.Key).Start();
}

/// <summary>How answers are kept for those who repeat a request.</summary>
[JsonSerializable(typeof(ScheduleView))]
internal sealed partial class ScheduleJson : JsonSerializerContext;
