namespace Mall.Ledger;

/// <summary>
/// Ids of one sequence, handed out of blocks that are reserved in the database before any of their ids is seen. A block that is
/// used up in less than a second makes the next one twice as large, up to a limit, and the next block is fetched when half of the
/// present one is gone, so that callers rarely wait, and never longer than for a commit. A crash loses what is left of the
/// blocks; a graceful stop gives it back.
/// </summary>
internal sealed class IdSequence(string name, IStore store, TimeProvider time, LedgerOptions options)
{
    internal const int FirstBlock = 10;
    internal const int LargestBlock = 1_000;
    private static readonly TimeSpan s_fast = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource<long>> _waiting = new();
    private Block _current; // Ids are taken from here...
    private Block _next;    // ... then from here.
    private int _blockSize = FirstBlock;
    private long? _fetchedAt;
    private bool _isFetching;
    private bool _isClosed;

    public ValueTask<long> NextAsync(CancellationToken cancellationToken)
    {
        ValueTask<long> id;
        bool mustFetch;
        lock (_gate)
        {
            if (_isClosed) return ValueTask.FromException<long>(new LedgerUnavailableException("The ledger is stopping."));
            if (TryTake_NeedsLock(out var taken))
            {
                id = new ValueTask<long>(taken);
            }
            else
            {
                var waiting = new TaskCompletionSource<long>(options.Continuations);
                _waiting.Enqueue(waiting);
                id = new(InTimeAsync(waiting, cancellationToken));
            }

            mustFetch = MustFetch_NeedsLock();
        }

        if (mustFetch) Fetch();
        return id;
    }

    /// <summary>Gives back what is left, if nobody has reserved ids after it.</summary>
    public async Task CloseAsync()
    {
        Block current, next;
        lock (_gate)
        {
            _isClosed = true;
            (current, next) = (_current, _next);
            (_current, _next) = (default, default);
        }

        // Only the last block of the sequence can go back, and the one before it when they adjoin.
        var last = next.Count > 0 ? next : current;
        if (current.Count > 0 && current.End == last.First) last = current with { End = last.End };
        if (last.Count > 0) await store.ReturnIdsAsync(name, last.First, last.End);
    }

    private async Task<long> InTimeAsync(TaskCompletionSource<long> waiting, CancellationToken cancellationToken)
    {
        await using var deadline = time.CreateTimer(
            static state => ((TaskCompletionSource<long>)state!).TrySetException(
                new LedgerUnavailableException("No id could be reserved in time.")),
            waiting, options.CommitTimeout, Timeout.InfiniteTimeSpan);
        return await (cancellationToken.CanBeCanceled ? waiting.Task.WaitAsync(cancellationToken) : waiting.Task);
    }

    private bool TryTake_NeedsLock(out long id)
    {
        if (_current.Count == 0) (_current, _next) = (_next, default);
        id = _current.First;
        if (_current.Count == 0) return false;
        _current = _current with { First = id + 1 };
        return true;
    }

    private bool MustFetch_NeedsLock()
    {
        if (_isFetching || _isClosed || _next.Count > 0 || _current.Count > _blockSize / 2) return false;
        if (_fetchedAt is { } then)
            _blockSize = time.GetElapsedTime(then) < s_fast
                ? Math.Min(LargestBlock, _blockSize * 2)
                : Math.Max(FirstBlock, _blockSize / 2);
        _fetchedAt = time.GetTimestamp();
        return _isFetching = true;
    }

    // The answer is handled where the store gives it, whatever scheduler the caller of NextAsync is on: the first caller's grain
    // must not become the one that every other waits for.
    private void Fetch()
    {
        var size = _blockSize; // Does not change while a fetch is under way.
        store.ReserveIdsAsync(name, size).ContinueWith(
            (task, state) => ((IdSequence)state!).Fetched(task, size),
            this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, store.Scheduler);
    }

    private void Fetched(Task<long> reserved, int size)
    {
        bool mustFetch;
        lock (_gate)
        {
            _isFetching = false;
            if (!reserved.IsCompletedSuccessfully)
            {
                // Nobody waits for a database that is down: each is told, and the next to ask tries again.
                var failure = reserved.Exception?.InnerException ?? new LedgerUnavailableException("No ids could be reserved.");
                while (_waiting.TryDequeue(out var refused)) refused.TrySetException(failure);
                return;
            }

            var block = new Block(reserved.Result, reserved.Result + size);
            if (_current.Count == 0) _current = block;
            else _next = block;
            while (_waiting.TryPeek(out var next) && (next.Task.IsCompleted || _current.Count + _next.Count > 0))
            {
                _waiting.Dequeue(); // Who has given up leaves the id to the next.
                if (!next.Task.IsCompleted && TryTake_NeedsLock(out var id)) next.TrySetResult(id);
            }

            mustFetch = _waiting.Count > 0 && MustFetch_NeedsLock();
        }

        if (mustFetch) Fetch();
    }

    private readonly record struct Block(long First, long End)
    {
        public long Count => End - First;
    }
}
