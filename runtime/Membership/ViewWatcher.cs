using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// Keeps a view of the membership table: reads it once a period, and at once when somebody knows of a newer version. However many
/// ask, one read is under way at a time, and there is a pause between two.
/// </summary>
internal sealed class ViewWatcher(
    IMembershipTable table, ClusterOptions options, TimeProvider time, IWorkScheduler scheduler, MembershipLog log) : IDisposable
{
    /// <summary>Between two reads, so that a crowd that looks for a silo does not become the database's load.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Nap _pause = new(time);
    private volatile MembershipView _current = new(0, []);
    private TaskCompletionSource _nextRead = new();
    private Task _loop = Task.CompletedTask;
    private TimeSpan _untilNextRead = options.ReadPeriod;
    private bool _failed;

    public MembershipView Current => _current;

    /// <summary>After the view has changed.</summary>
    public event Action<MembershipView>? Changed;

    /// <summary>After each read.</summary>
    public event Action<MembershipSnapshot>? WasRead;

    /// <summary>Begins to look by itself.</summary>
    public void Start() => _loop = LoopAsync();

    public void Dispose() => _stopping.Dispose();

    public async Task StopAsync()
    {
        _stopping.Cancel(); // Not CancelAsync, which goes through the thread pool, out of a simulation.
        _pause.End();
        await _loop;
        _nextRead.TrySetResult();
    }

    /// <summary>See <see cref="IMembership.Hint"/>.</summary>
    public void Hint(long version)
    {
        if (version > _current.Version) scheduler.Schedule(new Wake(_pause), near: false);
    }

    /// <summary>See <see cref="IMembership.RefreshAsync"/>: one read that begins from now on is all that is done.</summary>
    public async Task RefreshAsync(long version, CancellationToken cancellationToken)
    {
        if (version <= _current.Version || _stopping.IsCancellationRequested) return;
        Task read;
        lock (_lock) read = _nextRead.Task;
        scheduler.Schedule(new Wake(_pause), near: false);
        await read.WaitAsync(cancellationToken);
    }

    /// <summary>Takes what the table held as the view, unless a newer one is known.</summary>
    public void Apply(MembershipSnapshot snapshot)
    {
        MembershipView view;
        lock (_lock)
        {
            if (snapshot.Version <= _current.Version) return;
            view = new MembershipView(snapshot.Version, Of(snapshot, SiloStatus.Active))
            {
                Leaving = Of(snapshot, SiloStatus.ShuttingDown),
            };
            _current = view;
        }

        log.ViewChanged(view.Version, string.Join(", ", view.Silos));
        Changed?.Invoke(view);
    }

    private async Task LoopAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            TaskCompletionSource read;
            // Who asks from here on waits for the read after this one.
            lock (_lock) (read, _nextRead) = (_nextRead, new TaskCompletionSource());
            await ReadAsync();
            read.TrySetResult();
            await Task.Delay(Pause, time);
            await _pause.TakeAsync(_untilNextRead);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var snapshot = await time.Within(options.Lease / 3, table.ReadAsync, _stopping.Token);
            _untilNextRead = UntilLeaseEnds(snapshot);
            if (_failed) log.TableAnswersAgain();
            _failed = false;
            Apply(snapshot);
            WasRead?.Invoke(snapshot);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested) // A loop's edge: the next read may do better.
        {
            if (!_failed) log.TableSilent(exception.Message);
            _failed = true;
        }
        catch (OperationCanceledException)
        {
            // It stops.
        }
    }

    /// <summary>A period, or less when a lease would run out in it: then others should take over at once.</summary>
    private TimeSpan UntilLeaseEnds(MembershipSnapshot snapshot)
    {
        var next = options.ReadPeriod;
        foreach (var silo in snapshot.Silos)
        {
            if (silo.Status == SiloStatus.Active && silo.LeaseLeft > TimeSpan.Zero && silo.LeaseLeft < next)
                next = silo.LeaseLeft;
        }

        return next;
    }

    /// <summary>In an order that does not depend on the table's, so that equal views are equal.</summary>
    private static ImmutableArray<SiloAddress> Of(MembershipSnapshot snapshot, SiloStatus status) =>
    [
        .. snapshot.Silos.Where(s => s.Status == status).Select(s => s.Address)
            .OrderBy(a => a.Endpoint, StringComparer.Ordinal).ThenBy(a => a.Generation),
    ];

    /// <summary>The loop goes on inside the waking, which must not be inside whoever gave the hint.</summary>
    private sealed class Wake(Nap pause) : IThreadPoolWorkItem
    {
        public void Execute() => pause.Cut();
    }
}
