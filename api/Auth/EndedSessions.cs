using System.Collections.Concurrent;

namespace Mall.Api.Auth;

/// <summary>
/// The sessions that have ended while access tokens of theirs would still be good. The front door reads along what silos commit,
/// once a second, so that a request costs a look into memory and nothing else. Whoever has not been able to ask for some seconds
/// believes no token before it has asked again: an end holds everywhere within five seconds, also where the network is cut.
/// </summary>
internal sealed partial class EndedSessions(
    IGrainFactory grains, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<EndedSessions> log) : BackgroundService
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_freshness = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_pruning = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<long, DateTimeOffset> _ended = [];
    private readonly Lock _gate = new();
    private ListPlace _cursor = ListPlace.Beginning;
    private Task<bool>? _asked;
    private long _askedAt = long.MinValue; // When the question was put that has been answered last.
    private DateTimeOffset _prunedAt;
    private int _questions;
    private bool _isToldStale;

    /// <summary>Whether the list is as fresh as it must be.</summary>
    public bool IsFresh => Volatile.Read(ref _askedAt) is var at && at != long.MinValue && clock.GetElapsedTime(at) < s_freshness;

    public bool Contains(long sessionId) => _ended.ContainsKey(sessionId);

    /// <summary>What this front door has ended itself holds here at once; until when, silos may know better.</summary>
    public void Add(long sessionId, DateTimeOffset accessEnd) =>
        _ended.AddOrUpdate(sessionId, accessEnd, (_, known) => known > accessEnd ? known : accessEnd);

    /// <summary>Waits for what is being asked, or asks. A question lasts no longer than its answer is fresh.</summary>
    /// <exception cref="Exception">As grains throw it, or that nobody could say in time: nothing was done.</exception>
    public async Task Refresh(Patience patience)
    {
        try
        {
            await patience.Once(Ask);
        }
        catch (TimeoutException late)
        {
            throw new StorageUnavailableException("Which sessions have ended is not known now.", late) { NothingHappened = true };
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Requests come when the host has started, and grains can be called then.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
            await started.Task.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(s_period, clock);
        do
        {
            try
            {
                await Ask().WaitAsync(stoppingToken);
                _isToldStale = false;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // The edge of the loop: whatever it was, it is tried again, and requests that need the answer say so.
                if (!IsFresh && !_isToldStale)
                {
                    LogStale(failure.Message);
                    _isToldStale = true;
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One question at a time, for all who want to know.</summary>
    private Task<bool> Ask()
    {
        lock (_gate)
            return _asked is { IsCompleted: false } underWay ? underWay : _asked = Read();
    }

    private async Task<bool> Read()
    {
        var askedAt = clock.GetTimestamp();
        var patience = new Patience(s_freshness, clock, CancellationToken.None, lifetime.ApplicationStopping);
        ListPage<EndedSession> page;
        do
        {
            // A client has one gateway for each key, and that one may hang: the next question goes to another.
            page = await patience.Insist(
                () => grains.GetGrain<ISessionDirectoryGrain>(Interlocked.Increment(ref _questions) & 15).Ended(_cursor));
            foreach (var session in page.Items)
                Add(session.Id, session.AccessEnd);
            _cursor = page.Cursor;
        }
        while (page.Next is not null);

        Volatile.Write(ref _askedAt, askedAt);
        Prune();
        return true;
    }

    private void Prune()
    {
        var now = clock.GetUtcNow();
        if (now < _prunedAt) _cursor = ListPlace.Beginning; // A clock that had gone ahead has dropped what counts again.
        else if (now - _prunedAt < s_pruning) return;
        _prunedAt = now;
        foreach (var (id, accessEnd) in _ended)
            if (accessEnd < now) _ended.TryRemove(id, out _);
    }

    [LoggerMessage(
        4010, LogLevel.Warning, "Which sessions have ended is not known, and tokens are not believed until it is: {Problem}")]
    private partial void LogStale(string problem);
}
