using Microsoft.Extensions.Hosting;

namespace Mall.Ledger;

/// <summary>
/// Finds work whose time has come, in the table <c>due</c> and in due columns, and hands it to its handlers. It looks once a
/// period, when told to (<see cref="Wake"/>), and again at once while there is more than it can take. What fails is tried again,
/// with backoff, for ever: giving up is for whoever owns the work. What a dead process leaves undone, another claims.
/// </summary>
internal sealed partial class DueWorker(
    IStore store, ILedger ledger, IEnumerable<IDueHandler> handlers, IEnumerable<DueColumn> columns, LedgerOptions options,
    LedgerClock time, LedgerMetrics metrics, ILogger<DueWorker> logger) : IHostedLifecycleService, IDisposable
{
    // Attempts at work of due columns, which have no place for it; forgotten when so many fail that backoff is no cure.
    private const int MostRemembered = 10_000;

    private readonly Dictionary<string, IDueHandler> _handlers = handlers.ToDictionary(handler => handler.Kind);
    private readonly List<DueColumn> _columns =
    [
        .. columns.Select(column => handlers.Any(handler => handler.Kind == column.Kind)
            ? column
            : throw new InvalidOperationException($"Due work of kind {column.Kind} has no handler.")),
    ];
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), options.Random);
    private readonly string _claimant = ClaimantOf(options.Random, time);
    private readonly CancellationTokenSource _stop = new();

    // Guards what follows: the loop and the handlers' ends meet there.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Kind, string Key), int> _failures = [];
    private TaskCompletionSource? _change; // The loop waits on it for something to look at anew.
    private bool _isWoken;
    private int _running;

    // The loop's own.
    private Task _loop = Task.CompletedTask;
    private bool _isStandingScheduled;

    /// <summary>Says that something has become due, or soon will: look now.</summary>
    public void Wake() => Change(() => _isWoken = true);

    /// <summary>Begins, once everything that handlers may call is up.</summary>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _loop = RunAsync();
        return Task.CompletedTask;
    }

    /// <summary>Claims nothing more and cancels what runs; its claims are released, or run out.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _stop.Cancel();
        Wake();
        await _loop.WaitAsync(cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    Task IHostedService.StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    Task IHostedService.StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var isMore = false;
            try
            {
                isMore = await PollAsync();
            }
            catch (Exception failure) // The edge of the loop: whatever it was, the next round tries again.
            {
                LogPollFailed(failure);
            }

            await (isMore ? UntilAsync(() => _running <= options.DueConcurrency / 2) : SleepAsync());
        }

        await UntilAsync(() => _running == 0);
    }

    /// <summary>Claims as much as there is room for and starts it. True when there may be more.</summary>
    private async Task<bool> PollAsync()
    {
        if (!_isStandingScheduled)
        {
            foreach (var handler in _handlers.Values)
                if (handler.StandingKey is { } key) // It is a conflict when the work is there already, and as good.
                    await ledger.CommitAsync(new WriteSet(DueWork.Schedule(handler.Kind, key, time.GetUtcNow())));
            _isStandingScheduled = true;
        }

        await time.SetAsync(store, _stop.Token);
        var isMore = false;
        var kinds = _handlers.Keys.Except(_columns.Select(column => column.Kind)).ToArray();
        if (kinds.Length > 0) isMore = await ClaimAsync(null, kinds);
        foreach (var column in _columns) isMore |= await ClaimAsync(column, [column.Kind]);
        return isMore;
    }

    private async Task<bool> ClaimAsync(DueColumn? column, string[] kinds)
    {
        int room;
        lock (_gate) room = options.DueConcurrency - _running;
        if (room <= 0) return true;

        // Whole milliseconds, as they are stored: the end of the claim is compared when the claim is released.
        var now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        var claim = new DueClaim(_claimant, kinds, now, now + options.DueClaim, room);
        var items = column is null ? await store.ClaimAsync(claim) : await store.ClaimAsync(column, claim);
        foreach (var item in items)
        {
            lock (_gate) _running++;
            _ = HandleAsync(item, column, claim); // Observes its own failures; the loop's end waits for it by the count.
        }

        return items.Count == room;
    }

    private async Task HandleAsync(DueItem item, DueColumn? column, DueClaim claim)
    {
        var attempt = column is null ? item.Attempts : 1 + FailuresOf(item);
        try
        {
            var isDone = await TryHandleAsync(item with { Attempts = attempt });
            metrics.Handled(item.Kind, isDone);
            if (column is not null) Note(item, isDone ? 0 : attempt);
            if (!isDone)
            {
                var next = _stop.IsCancellationRequested ? claim.Now : time.GetUtcNow() + _backoff.After(attempt);
                var release = column is null ? DueWork.Release(item, claim, next) : column.Release(item, claim, next);
                await ledger.CommitAsync(new WriteSet(release));
            }
            else if (column is null)
            {
                await ledger.CommitAsync(new WriteSet(DueWork.Complete(item, claim)));
            }
        }
        catch (Exception failure) // The edge of the work: the claim runs out, and then it is done again.
        {
            LogNotNoted(item.Kind, item.Key, failure);
        }
        finally
        {
            Change(() => _running--);
        }
    }

    private async Task<bool> TryHandleAsync(DueItem item)
    {
        try
        {
            await _handlers[item.Kind].HandleAsync(item, _stop.Token);
            return true;
        }
        catch (Exception failure) // Handlers may throw anything; the work is done again.
        {
            if (!_stop.IsCancellationRequested) LogHandlerFailed(item.Kind, item.Key, item.Attempts, failure);
            return false;
        }
    }

    /// <summary>Waits for the next look: a period, or less when told so.</summary>
    private async Task SleepAsync()
    {
        // A timer keeps the promise: to await the first of several tasks would go through the thread pool, past a simulation.
        await using var period = time.CreateTimer(
            static state => ((DueWorker)state!).Wake(), this, options.DuePeriod, Timeout.InfiniteTimeSpan);
        await UntilAsync(() => _isWoken);
        lock (_gate) _isWoken = false;
    }

    private async Task UntilAsync(Func<bool> isSo)
    {
        while (true)
        {
            TaskCompletionSource change;
            lock (_gate)
            {
                if (isSo()) return;
                _change = change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            await change.Task;
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            change();
            (waiting, _change) = (_change, null);
        }

        waiting?.SetResult();
    }

    private static string ClaimantOf(Random random, TimeProvider time)
    {
        lock (random) return $"{time.GetUtcNow().ToUnixTimeMilliseconds():x}-{random.NextInt64():x}";
    }

    private int FailuresOf(DueItem item)
    {
        lock (_gate) return _failures.GetValueOrDefault((item.Kind, item.Key));
    }

    private void Note(DueItem item, int failures)
    {
        lock (_gate)
        {
            if (_failures.Count >= MostRemembered) _failures.Clear();
            if (failures == 0) _failures.Remove((item.Kind, item.Key));
            else _failures[(item.Kind, item.Key)] = failures;
        }
    }

    [LoggerMessage(2111, LogLevel.Warning, "Due work could not be claimed")]
    private partial void LogPollFailed(Exception exception);

    [LoggerMessage(2112, LogLevel.Warning, "Due work {Kind} {Key} failed, attempt {Attempt}; it will be tried again")]
    private partial void LogHandlerFailed(string kind, string key, int attempt, Exception exception);

    [LoggerMessage(2113, LogLevel.Warning, "What became of due work {Kind} {Key} could not be noted; it will be done again")]
    private partial void LogNotNoted(string kind, string key, Exception exception);
}
