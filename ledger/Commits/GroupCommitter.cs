namespace Mall.Ledger;

/// <summary>Commits write sets in groups. One cycle at a time: take what waits (<see cref="BatchPolicy"/>), write it in one
/// transaction, answer each caller; meanwhile the next batch fills. There is no timer: a lone write set is committed at once.
/// <para>A caller whose time is up while its write set waits gets <see cref="LedgerUnavailableException"/>, and it is never
/// written; while it is being committed, <see cref="LedgerOutcomeUnknownException"/>. When the database fails and nothing
/// happened, the batch goes back to its place in the queue; when nobody knows, the commit mark is read back until somebody does.
/// A batch that is refused because of somebody in it is split, and every part is a whole batch with a number, a transaction and a
/// mark of its own (docs/decisions/0004). Those whose row another session has locked go to the
/// <see cref="Quarantine"/>.</para></summary>
internal sealed partial class GroupCommitter(
    IStore store, LedgerOptions options, TimeProvider time, LedgerMetrics metrics, ILogger logger) : IAsyncDisposable
{
    private const int MaxBatchBytes = 4 * 1024 * 1024; // About: what the server's packets and a client's patience allow.

    private readonly BatchPolicy _policy = new(options.MaxBatchWriteSets, MaxBatchBytes);
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1), options.Random);
    private readonly CancellationTokenSource _abort = new();

    // Guards the fields below and everything mutable in pending commits. Held for a batch's selection at the longest.
    private readonly Lock _gate = new();
    private readonly LinkedList<PendingCommit> _queue = []; // Those that wait and those that are in flight, oldest first.
    private readonly Quarantine _quarantine =
        new(time, new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), options.Random));
    private TaskCompletionSource? _idle; // The loop waits on it for work.
    private ITimer? _deadlines;
    private ITimer? _trial; // Wakes the loop when somebody of the quarantine may be tried and nothing else is to do.
    private bool _isDraining;

    // The loop's own.
    private readonly string _name = options.NewName(time);
    private readonly Batch _batch = new();
    private readonly Stack<Batch> _parts = new(); // Of the batch that was taken, what is still to be written.
    private Task _loop = Task.CompletedTask;
    private long _number;
    private long _tried; // The key of the quarantine's row that this batch is about, if it is about one.
    private int _failures; // One after the other, until now.
    private int _allFailures;

    /// <summary>How often the database has failed since the start, whatever came after.</summary>
    public int Failures => Volatile.Read(ref _allFailures);

    public int QueueLength { get { lock (_gate) return Waiting_NeedsLock; } }

    private int Waiting_NeedsLock => _queue.Count + _quarantine.Count;

    /// <summary>Starts the loop, on the store's scheduler, where it stays.</summary>
    public void Start()
    {
        // Here, because they would keep the context of whoever commits first. One timer for all deadlines, coarse on purpose.
        var period = TimeSpan.FromMilliseconds(Math.Clamp(options.CommitTimeout.TotalMilliseconds / 10, 10, 1_000));
        _deadlines = time.CreateTimer(static state => ((GroupCommitter)state!).GiveUpLate(), this, period, period);
        _trial = time.CreateTimer(
            static state => ((GroupCommitter)state!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = Task.Factory.StartNew(
            RunAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, store.Scheduler).Unwrap();
    }

    public Task<CommitOutcome> CommitAsync(WriteSet writes)
    {
        var pending = new PendingCommit(writes, options.Continuations) { EnqueuedAt = time.GetTimestamp() };
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            if (_isDraining) return Refused("The ledger is stopping; nothing was written.");
            if (Waiting_NeedsLock >= options.QueueLimit)
                return Task.FromException<CommitOutcome>(
                    new LedgerBusyException($"{Waiting_NeedsLock} write sets wait already."));
            if (2 * _quarantine.Count >= options.QueueLimit && _quarantine.Concerns(pending)) // Room for the others.
                return Refused("Too many wait for a row that another session has locked; nothing was written.");
            if (!_quarantine.TryTakeIn(pending))
            {
                _queue.AddLast(pending.Place);
                (idle, _idle) = (_idle, null);
            }
        }

        // Outside the lock: with an inline scheduler the whole commit happens in here.
        idle?.SetResult();
        return pending.Task;

        static Task<CommitOutcome> Refused(string why) => Task.FromException<CommitOutcome>(new LedgerUnavailableException(why));
    }

    /// <summary>Commits what waits, for at most <see cref="LedgerOptions.DrainTimeout"/>, then tells whoever is left.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate) _isDraining = true;
        Wake();
        try
        {
            await _loop.WaitAsync(options.DrainTimeout, time);
        }
        catch (TimeoutException)
        {
            LogDrainTimedOut(QueueLength);
            _abort.Cancel(); // CancelAsync would go through the thread pool, past a simulation.
            Wake();
        }

        GiveUp(static _ => true, "The ledger stopped before the write set was committed.");
        if (_deadlines is not null) await _deadlines.DisposeAsync();
        if (_trial is not null) await _trial.DisposeAsync();
    }

    private void Wake()
    {
        TaskCompletionSource? idle;
        lock (_gate) (idle, _idle) = (_idle, null);
        idle?.SetResult();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await FillAsync())
            {
                _parts.Push(_batch);
                while (_parts.TryPop(out var part)) await WriteAsync(part);
                if (_tried != ConflictKeys.None)
                    lock (_gate) _quarantine.EndTrial(_tried, _queue);
                if (_abort.IsCancellationRequested) return;
            }
        }
        catch (Exception bug) // The edge of the loop. Whoever waits is told, and whoever comes is refused: better than silence.
        {
            LogBroken(bug);
            lock (_gate) _isDraining = true;
            GiveUp(static _ => true, "The ledger is broken.");
        }
    }

    /// <summary>Waits for work and takes it into the batch. False when drained.</summary>
    private async ValueTask<bool> FillAsync()
    {
        while (true)
        {
            await LetOthersQueueAsync();
            Task work;
            lock (_gate)
            {
                if (TryFill_NeedsLock()) return true;
                if (_abort.IsCancellationRequested || (_isDraining && _quarantine.IsEmpty)) return false;
                if (!_quarantine.IsEmpty) _trial?.Change(_quarantine.UntilNext, Timeout.InfiniteTimeSpan);
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                work = _idle.Task;
            }

            await work;
        }
    }

    private bool TryFill_NeedsLock()
    {
        _batch.Clear();

        // Others and the quarantine by turns, so that many locked rows leave the others at least half of the time.
        var isTrial = (_tried == ConflictKeys.None || _queue.Count == 0) && !_quarantine.IsEmpty;
        if (isTrial && _quarantine.TryNext() is var (waiting, key, failures))
        {
            _tried = key;
            _policy.Fill(_batch, waiting);
            if (_batch.Count == 0) _quarantine.EndTrial(_tried, _queue); // All have given up.
            else TryOne(failures);
        }

        if (_batch.Count == 0)
        {
            _tried = ConflictKeys.None;
            _policy.Fill(_batch, _queue);
        }

        foreach (var pending in _batch.Pending) pending.IsInFlight = true;
        return _batch.Count > 0;
    }

    // One finds out for all, and the lock is waited for once. Each time another: what holds one up may be a row of its own, which
    // nobody sees.
    private void TryOne(int failures)
    {
        var one = _batch.Pending[failures % _batch.Count];
        _batch.Clear();
        _batch.Add(one);
        _batch.HasWaited = true;
    }

    // Goes behind all that is ready to run: who has just been answered may have the next write set. The busier the process, the
    // larger the batch. And where the loop shares the store's thread with others, they have it between two batches.
    private Task LetOthersQueueAsync() => Task.Factory.StartNew(
        static () => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, options.Scheduler ?? TaskScheduler.Default);

    private async ValueTask WriteAsync(Batch part)
    {
        var (started, span) = (time.GetTimestamp(), LedgerTracing.Start(part));
        var failure = await TryApplyAsync(part);
        if (failure?.Failure == StoreFailure.OutcomeUnknown && await ReadBackAsync(part)) failure = null;
        LedgerTracing.End(span, failure);
        if (failure is null)
        {
            if (_failures > 0) LogRecovered(_failures);
            _failures = 0;
            if (part.Open > 0) metrics.Committed(part.Open, time.GetElapsedTime(started));
            Answer(part, static pending => pending.HeldBackBy == ConflictKeys.None);
            if (part.Findings > 0) HoldBack(part, isAtFault: false);
        }
        else if (failure.Failure is StoreFailure.Refused or StoreFailure.Locked)
        {
            if (!Split(part, isLocked: failure.Failure == StoreFailure.Locked)) await PauseAsync(failure);
        }
        else
        {
            Requeue(part);
            while (_parts.TryPop(out var other)) Requeue(other);
            await PauseAsync(failure);
        }
    }

    private async ValueTask<StoreException?> TryApplyAsync(Batch part)
    {
        // A new number for each attempt, so that an old mark is never taken for a newer batch's.
        (part.Committer, part.Number, part.Time) = (_name, ++_number, time.GetUtcNow());
        try
        {
            await store.ApplyAsync(part);
            return null;
        }
        catch (StoreException failure)
        {
            return failure;
        }
        catch (Exception unexpected) // The loop must outlive a store's bug; what that left behind is read back.
        {
            LogUnexpected(unexpected);
            return new StoreException(StoreFailure.OutcomeUnknown, "The store failed in an unexpected way.", unexpected);
        }
    }

    /// <summary>After a lost acknowledgement: asks for the commit mark until there is an answer, or no ledger.</summary>
    private async ValueTask<bool> ReadBackAsync(Batch part)
    {
        lock (_gate)
            foreach (var pending in part.Pending) pending.InDoubt = true;
        LogOutcomeUnknown(part.Number, part.Count);
        while (!_abort.IsCancellationRequested)
        {
            try
            {
                var committed = await store.HasCommittedAsync(part.Committer, part.Number);
                LogReadBack(part.Number, committed);
                return committed;
            }
            catch (StoreException failure)
            {
                await PauseAsync(failure);
            }
        }

        return false;
    }

    private async ValueTask PauseAsync(StoreException failure)
    {
        var pause = _backoff.After(++_failures);
        Volatile.Write(ref _allFailures, _allFailures + 1);
        metrics.Failed(failure.Failure);
        LogStoreFailed(failure.Message, _failures, pause.TotalMilliseconds, failure);
        await Task.Delay(pause, time, _abort.Token).ConfigureAwait(LedgerOptions.Quietly); // Torn down: the loop looks next.
    }
}
