using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;

namespace Mall.Ledger;

/// <summary>Finds work whose time has come, in the table <c>due</c> and in due columns, and hands it to its handlers. It looks
/// once a period, and again at once while there is more than it can take. The table and each column are a source, and none takes
/// the places that others may need: a kind of work that hangs holds up its own source. What fails is tried again, with backoff,
/// for ever: giving up is for whoever owns the work. What a dead process leaves undone, another claims.</summary>
internal sealed partial class DueWorker(
    IStore store, ILedger ledger, IEnumerable<IDueHandler> handlers, IEnumerable<DueColumn> columns, LedgerOptions options,
    LedgerClock time, LedgerMetrics metrics, ILogger<DueWorker> logger) : IHostedLifecycleService, IDisposable
{
    // Attempts at work of due columns, which have no place for it; forgotten when so many fail that backoff is no cure.
    private const int MostRemembered = 10_000;

    private readonly Dictionary<string, IDueHandler> _handlers = handlers.ToDictionary(handler => handler.Kind);
    private readonly List<DueColumn?> _sources = // Null for the table.
    [
        null, .. columns.Select(column => handlers.Any(handler => handler.Kind == column.Kind)
            ? column
            : throw new InvalidOperationException($"Due work of kind {column.Kind} has no handler.")),
    ];
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), options.Random);
    private readonly string _claimant = options.NewName(time);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<(string Kind, string Key), int> _failures = [];

    // The loop's own.
    private readonly List<(Task Work, DueColumn? Source)> _running = [];
    private Task _loop = Task.CompletedTask;
    private bool _isStandingScheduled;

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

            var pause = Task.Delay(options.DuePeriod, time, _stop.Token);
            if (!isMore) await pause.ConfigureAwait(LedgerOptions.Quietly); // When it stops, the loop looks next.
            while (IsBusy() && !pause.IsCompleted) await Task.WhenAny(_running.Select(running => running.Work).Append(pause));
        }

        await Task.WhenAll(_running.Select(running => running.Work));
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
        foreach (var source in _sources) isMore |= await ClaimAsync(source);
        return isMore;
    }

    private async Task<bool> ClaimAsync(DueColumn? column)
    {
        string[] kinds = column is null
            ? [.. _handlers.Keys.Where(kind => !_sources.Exists(source => source?.Kind == kind))]
            : [column.Kind];
        if (kinds.Length == 0) return false;
        var room = RoomFor(column);
        if (room <= 0) return true;

        // Whole milliseconds, as they are stored: the end of the claim is compared when the claim is released.
        var now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        var claim = new DueClaim(_claimant, kinds, now, now + options.DueClaim, room);
        var items = column is null ? await store.ClaimAsync(claim) : await store.ClaimAsync(column, claim);
        _running.AddRange(items.Select(item => (HandleAsync(item, column, claim), column)));
        return items.Count == room;
    }

    private async Task HandleAsync(DueItem item, DueColumn? column, DueClaim claim)
    {
        var attempt = column is null ? item.Attempts : 1 + _failures.GetValueOrDefault((item.Kind, item.Key));
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
            else if (column is null && item.Key != _handlers[item.Kind].StandingKey)
            {
                await ledger.CommitAsync(new WriteSet(DueWork.Complete(item, claim)));
            }
        }
        catch (Exception failure) // The edge of the work: the claim runs out, and then it is done again.
        {
            LogNotNoted(item.Kind, item.Key, failure);
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

    private bool IsBusy()
    {
        _running.RemoveAll(static running => running.Work.IsCompleted);
        return _running.Count > options.DueConcurrency / 2;
    }

    /// <summary>What is free, but for some places of each of the others.</summary>
    private int RoomFor(DueColumn? source)
    {
        _running.RemoveAll(static running => running.Work.IsCompleted);
        var share = options.DueConcurrency / (2 * _sources.Count);
        var kept = _sources.Where(other => other != source)
            .Sum(other => Math.Max(0, share - _running.Count(running => running.Source == other)));
        return options.DueConcurrency - kept - _running.Count;
    }

    private void Note(DueItem item, int failures)
    {
        if (_failures.Count >= MostRemembered) _failures.Clear();
        if (failures == 0) _failures.TryRemove((item.Kind, item.Key), out _);
        else _failures[(item.Kind, item.Key)] = failures;
    }

    [LoggerMessage(2111, LogLevel.Warning, "Due work could not be claimed")]
    private partial void LogPollFailed(Exception exception);

    [LoggerMessage(2112, LogLevel.Warning, "Due work {Kind} {Key} failed, attempt {Attempt}; it will be tried again")]
    private partial void LogHandlerFailed(string kind, string key, int attempt, Exception exception);

    [LoggerMessage(2113, LogLevel.Warning, "What became of due work {Kind} {Key} could not be noted; it will be done again")]
    private partial void LogNotNoted(string kind, string key, Exception exception);
}
