namespace Mall.Ledger;

/// <summary>
/// Commits write sets in groups. One cycle at a time: take what waits (<see cref="BatchPolicy"/>), write it in one transaction,
/// answer each caller; meanwhile the next batch fills. There is no timer: a lone write set is committed at once.
/// <para>
/// A caller who gives up while its write set waits gets <see cref="LedgerUnavailableException"/>, and it is never written; while
/// it is being committed, <see cref="LedgerOutcomeUnknownException"/>. When the database fails and nothing happened, the batch
/// goes back to the queue (in its old place) and the cycle pauses; when nobody knows, the commit mark is read back until somebody
/// does.
/// </para>
/// <para>States: <em>running</em> → <em>draining</em> (nothing new is accepted, what waits is committed) → <em>stopped</em> (the
/// queue is empty, or the drain took too long and whoever was left has been told).</para>
/// </summary>
internal sealed partial class GroupCommitter(
    IStore store, LedgerOptions options, TimeProvider time, LedgerMetrics metrics, ILogger logger) : IAsyncDisposable
{
    private readonly BatchPolicy _policy = new(options.MaxBatchWriteSets, options.MaxBatchBytes);
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1), options.Random);
    private readonly CancellationTokenSource _abort = new();

    // Guards the fields below and everything mutable in pending commits. Held for a batch's selection at the longest.
    private readonly Lock _gate = new();
    private readonly PendingQueue _queue = new();
    private TaskCompletionSource? _idle; // The loop waits on it for work.
    private ITimer? _deadlines;
    private bool _deadlinesRun;
    private bool _isDraining;

    // The loop's own.
    private readonly Batch _batch = new() { Committer = NameCommitter(options.Random, time) };
    private Task _loop = Task.CompletedTask;
    private int _failures;

    /// <summary>Write sets without an answer yet.</summary>
    public int QueueLength
    {
        get { lock (_gate) return _queue.Count; }
    }

    /// <summary>Starts the loop, on the store's scheduler, where it stays.</summary>
    public void Start()
    {
        _deadlines = time.CreateTimer( // Here, because it would keep the context of whoever commits first.
            static state => ((GroupCommitter)state!).CheckDeadlines(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = Task.Factory.StartNew(
            RunAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, store.Scheduler).Unwrap();
    }

    /// <inheritdoc cref="ILedger.CommitAsync"/>
    public Task<CommitOutcome> CommitAsync(WriteSet writes, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return Refused("The caller had given up already; nothing was written.");
        var pending = new PendingCommit(writes, options.Continuations) { EnqueuedAt = time.GetTimestamp() };
        TaskCompletionSource? idle;
        lock (_gate)
        {
            if (_isDraining) return Refused("The ledger is stopping; nothing was written.");
            if (_queue.Count >= options.QueueLimit)
                return Task.FromException<CommitOutcome>(new LedgerBusyException($"{_queue.Count} write sets wait already."));
            _queue.Add(pending);
            if (!_deadlinesRun) StartDeadlines_NeedsLock();
            (idle, _idle) = (_idle, null);
        }

        // Outside the lock: with an inline scheduler the whole commit happens in here.
        idle?.SetResult();
        if (cancellationToken.CanBeCanceled) WatchCancellation(pending, cancellationToken);
        return pending.Task;

        static Task<CommitOutcome> Refused(string why) => Task.FromException<CommitOutcome>(new LedgerUnavailableException(why));
    }

    /// <summary>Commits what waits, for at most <see cref="LedgerOptions.DrainTimeout"/>, then tells whoever is left.</summary>
    public async ValueTask DisposeAsync()
    {
        TaskCompletionSource? idle;
        lock (_gate)
        {
            _isDraining = true;
            (idle, _idle) = (_idle, null);
        }

        idle?.SetResult();
        try
        {
            await _loop.WaitAsync(options.DrainTimeout, time);
        }
        catch (TimeoutException)
        {
            LogDrainTimedOut(QueueLength);
            _abort.Cancel(); // CancelAsync would go through the thread pool, past a simulation.
        }

        GiveUp(static _ => true, "The ledger stopped before the write set was committed.");
        if (_deadlines is not null) await _deadlines.DisposeAsync();
    }

    private async Task RunAsync()
    {
        try
        {
            await RunCyclesAsync();
        }
        catch (Exception bug) // The edge of the loop. Whoever waits is told, and whoever comes is refused: better than silence.
        {
            LogBroken(bug);
            lock (_gate) _isDraining = true;
            GiveUp(static _ => true, "The ledger is broken.");
        }
    }

    private async Task RunCyclesAsync()
    {
        while (await FillAsync())
        {
            var started = time.GetTimestamp();
            var failure = await TryApplyAsync();
            if (failure?.Failure == StoreFailure.OutcomeUnknown && await ReadBackAsync()) failure = null;
            if (failure is null)
            {
                if (_failures > 0) LogRecovered(_failures);
                _failures = 0;
                metrics.Committed(_batch.Count, time.GetElapsedTime(started));
                Answer();
            }
            else
            {
                Requeue();
                await PauseAsync(failure);
            }

            if (_abort.IsCancellationRequested) return;
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
                _batch.Clear();
                _policy.Fill(_batch, _queue);
                for (var i = 0; i < _batch.Count; i++) _batch.Pending(i).State = PendingState.InFlight;
                if (_batch.Count > 0) break;
                if (_isDraining) return false;
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                work = _idle.Task;
            }

            await work;
        }

        // A new number for each attempt, so that an old mark is never taken for a newer batch's.
        _batch.Number++;
        _batch.Time = time.GetUtcNow();
        return true;
    }

    // Goes behind all that is ready to run: who has just been answered, and whose messages have just come, may have the next write
    // set. The busier the process, the longer that takes and the larger the batch; an idle one loses some microseconds. And it lets
    // others have the store's thread between two batches, where the loop shares one with them.
    private Task LetOthersQueueAsync() => Task.Factory.StartNew(
        static () => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, options.Scheduler ?? TaskScheduler.Default);

    private async ValueTask<StoreException?> TryApplyAsync()
    {
        try
        {
            await store.ApplyAsync(_batch);
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
    private async ValueTask<bool> ReadBackAsync()
    {
        lock (_gate)
            for (var i = 0; i < _batch.Count; i++) _batch.Pending(i).InDoubt = true;
        LogOutcomeUnknown(_batch.Number, _batch.Count);
        while (!_abort.IsCancellationRequested)
        {
            try
            {
                var committed = await store.HasCommittedAsync(_batch.Committer, _batch.Number);
                LogReadBack(_batch.Number, committed);
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
        metrics.Failed(failure.Failure);
        LogStoreFailed(failure.Message, _failures, pause.TotalMilliseconds, failure);
        try
        {
            await Task.Delay(pause, time, _abort.Token);
        }
        catch (OperationCanceledException)
        {
            // Torn down: the loop looks at the token next.
        }
    }

    private void Answer()
    {
        lock (_gate)
            for (var i = 0; i < _batch.Count; i++) _queue.Remove(_batch.Pending(i));

        // A caller who has given up meanwhile has another answer already, hence Try.
        for (var i = 0; i < _batch.Count; i++)
        {
            var pending = _batch.Pending(i);
            pending.Cancellation.Unregister();
            if (_batch.Fault(i) is { } fault) pending.TrySetException(fault);
            else pending.TrySetResult(_batch.Outcome(i));
        }

        metrics.Settled(_batch);
    }

    // Nothing happened: they wait again, where they stood. Those whose callers have given up meanwhile go.
    private void Requeue()
    {
        lock (_gate)
            for (var i = 0; i < _batch.Count; i++)
            {
                var pending = _batch.Pending(i);
                if (pending.Task.IsCompleted) _queue.Remove(pending);
                else pending.State = PendingState.Queued;
            }
    }

    // Unique among all processes that ever commit to this database: the start time tells apart what the random source might not.
    private static string NameCommitter(Random random, TimeProvider time)
    {
        Span<byte> bytes = stackalloc byte[8];
        lock (random) random.NextBytes(bytes);
        return $"{time.GetUtcNow().ToUnixTimeMilliseconds():x}-{Convert.ToHexStringLower(bytes)}";
    }
}
