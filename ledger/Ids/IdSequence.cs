namespace Mall.Ledger;

/// <summary>Ids of one sequence, handed out of blocks that are reserved in the database before any of their ids is seen. A block
/// that is used up in less than a second makes the next one twice as large, and the next is fetched when half of the present one
/// is gone. What is left of the blocks when the process ends is lost.</summary>
internal sealed class IdSequence(string name, IStore store, TimeProvider time, LedgerOptions options)
{
    internal const int FirstBlock = 10;
    private const int LargestBlock = 1_000;
    private static readonly TimeSpan s_fast = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Queue<long> _ids = []; // Reserved, and nobody's yet.
    private int _blockSize = FirstBlock;
    private long? _fetchedAt;
    private Task<Exception?> _fetching = Task.FromResult<Exception?>(null);

    public async ValueTask<long> NextAsync(CancellationToken cancellationToken)
    {
        long? began = null;
        while (true)
        {
            Task<Exception?> fetching;
            lock (_gate)
            {
                var isThere = _ids.TryDequeue(out var id);
                if (_ids.Count <= _blockSize / 2 && _fetching.IsCompleted) Fetch_NeedsLock();
                if (isThere) return id;
                fetching = _fetching;
            }

            try
            {
                var left = options.CommitTimeout - time.GetElapsedTime(began ??= time.GetTimestamp());
                if (await fetching.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken) is { } failure)
                    throw failure; // Nobody waits for a database that is down; the next to ask tries again.
            }
            catch (TimeoutException)
            {
                throw new LedgerUnavailableException("No id could be reserved in time.");
            }
        }
    }

    // Where the store works: the first caller's grain must not become the one that every other waits for.
    private void Fetch_NeedsLock()
    {
        if (_fetchedAt is { } then)
            _blockSize = time.GetElapsedTime(then) < s_fast
                ? Math.Min(LargestBlock, _blockSize * 2)
                : Math.Max(FirstBlock, _blockSize / 2);
        _fetchedAt = time.GetTimestamp();
        _fetching = Task.Factory.StartNew(
            FetchAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, store.Scheduler).Unwrap();
    }

    /// <summary>Reserves a block, and returns what was wrong when it cannot.</summary>
    private async Task<Exception?> FetchAsync()
    {
        try
        {
            var size = _blockSize; // Does not change while a fetch is under way.
            var first = await store.ReserveIdsAsync(name, size);
            lock (_gate)
                for (var id = first; id < first + size; id++) _ids.Enqueue(id);
            return null;
        }
        catch (Exception failure) // Whoever waits is told, whatever it was.
        {
            return failure;
        }
    }
}
