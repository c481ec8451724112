namespace Mall.Ledger;

/// <summary>Finds work whose time has come, in the table <c>due</c> and in due columns, and hands it to its handlers. It looks
/// once a period, and again at once while there is more than it can take. The table and each column are a source, and none takes
/// the places that others may need: a kind of work that hangs holds up its own source. What fails is tried again, with backoff,
/// for ever: giving up is for whoever owns the work. What a dead process leaves undone, another claims.</summary>
internal sealed partial class DueWorker(
    IStore store, ILedger ledger, IEnumerable<IDueHandler> handlers, IEnumerable<DueColumn> columns, LedgerOptions options,
    LedgerClock time, LedgerMetrics metrics, ILogger<DueWorker> logger) : IDisposable
{
    // Attempts at work of due columns, which have no place for it; forgotten when so many fail that backoff is no cure.
    private const int MostRemembered = 10_000;

    private readonly Dictionary<string, IDueHandler> _handlers = handlers.ToDictionary(handler => handler.Kind);
    private readonly string[] _kindsOfTable = [.. handlers.Select(one => one.Kind).Except(columns.Select(one => one.Kind))];
    private readonly List<DueColumn?> _sources = columns.FirstOrDefault(one => handlers.All(h => h.Kind != one.Kind)) is { } bare
        ? throw new InvalidOperationException($"Due work of kind {bare.Kind} has no handler.")
        : [null, .. columns]; // Null for the table.
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), options.Random);
    private readonly string _claimant = options.NewName(time);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<DueItem, int> _failures = [];

    // The loop's own.
    private readonly List<(Task Work, DueColumn? Source)> _running = [];
    private Task _loop = Task.CompletedTask;
    private bool _isStandingScheduled;

    /// <summary>Begins, once everything that handlers may call is up.</summary>
    public void Start() => _loop = RunAsync();

    /// <summary>Claims nothing more and cancels what runs; its claims are released, or run out.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stop.Cancel();
        return _loop.WaitAsync(cancellationToken);
    }

    public void Dispose() => _stop.Dispose();

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
        if (!await time.SetAsync(store, _stop.Token)) return false; // A machine's own clock says nothing about what is due.
        if (!_isStandingScheduled)
        {
            foreach (var handler in _handlers.Values)
                if (handler.StandingKey is { } key) // It is a conflict when the work is there already, and as good.
                    await ledger.CommitAsync(new WriteSet(DueWork.Schedule(handler.Kind, key, time.GetUtcNow())));
            _isStandingScheduled = true;
        }

        var isMore = false;
        foreach (var source in _sources) isMore |= await ClaimAsync(source);
        return isMore;
    }

    private async Task<bool> ClaimAsync(DueColumn? column)
    {
        if (column is null && _kindsOfTable.Length == 0) return false;
        var room = RoomFor(column);
        if (room <= 0) return true;
        var now = time.GetUtcNow();
        var claim = new DueClaim(_claimant, _kindsOfTable, now, now + options.DueClaim, room, column);
        var items = await store.PickAsync(ShortQueries.Claim(claim));
        _running.AddRange(items.Select(item => (HandleAsync(item, claim), column)));
        return items.Count == room;
    }

    private async Task HandleAsync(DueItem item, DueClaim claim)
    {
        var (attempt, isDone) = (item.Attempts + _failures.GetValueOrDefault(item), false);
        try
        {
            await _handlers[item.Kind].HandleAsync(item with { Attempts = attempt }, _stop.Token);
            isDone = true;
        }
        catch (Exception failure) // Handlers may throw anything; the work is done again.
        {
            if (!_stop.IsCancellationRequested) LogHandlerFailed(item.Kind, item.Key, attempt, failure);
        }

        try
        {
            metrics.Handled(item.Kind, isDone);
            if (isDone) _failures.TryRemove(item, out _);
            else if (claim.Column is not null) _failures[item] = attempt;
            if (_failures.Count > MostRemembered) _failures.Clear();
            if (isDone && (claim.Column is not null || item.Key == _handlers[item.Kind].StandingKey)) return;
            var next = isDone || _stop.IsCancellationRequested ? claim.Now : time.GetUtcNow() + _backoff.After(attempt);
            var change = isDone ? DueWork.Complete(item, claim) : DueWork.Release(item, claim, next);
            await ledger.CommitAsync(new WriteSet(change));
        }
        catch (Exception failure) // The edge of the work: the claim runs out, and then it is done again.
        {
            LogNotNoted(item.Kind, item.Key, failure);
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
        return options.DueConcurrency - _sources.Sum(each =>
            Math.Max(each == source ? 0 : share, _running.Count(running => running.Source == each)));
    }

    [LoggerMessage(2111, LogLevel.Warning, "Due work could not be claimed")]
    private partial void LogPollFailed(Exception exception);

    [LoggerMessage(2112, LogLevel.Warning, "Due work {Kind} {Key} failed, attempt {Attempt}; it will be tried again")]
    private partial void LogHandlerFailed(string kind, string key, int attempt, Exception exception);

    [LoggerMessage(2113, LogLevel.Warning, "What became of due work {Kind} {Key} could not be noted; it will be done again")]
    private partial void LogNotNoted(string kind, string key, Exception exception);
}
