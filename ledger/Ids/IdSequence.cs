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
    private Task<long>? _fetching; // A block, until its first id is known and all are among the others.

    public async ValueTask<long> NextAsync(CancellationToken cancellationToken)
    {
        long? began = null;
        while (true)
        {
            Task<long>? fetching;
            lock (_gate)
            {
                TakeIn_NeedsLock();
                var isThere = _ids.TryDequeue(out var id);
                if (_ids.Count <= _blockSize / 2) _fetching ??= FetchAsync_NeedsLock();
                if (isThere) return id;
                fetching = _fetching!;
            }

            try
            {
                var left = options.CommitTimeout - time.GetElapsedTime(began ??= time.GetTimestamp());
                await fetching.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                throw new LedgerUnavailableException("No id could be reserved in time.");
            }
        }
    }

    // Nobody waits for a database that is down: whoever waited for the block has been told, the next to ask tries again.
    private void TakeIn_NeedsLock()
    {
        if (_fetching is not { IsCompleted: true } fetched) return;
        _fetching = null;
        if (fetched.IsCompletedSuccessfully)
            for (var i = 0; i < _blockSize; i++) _ids.Enqueue(fetched.Result + i);
        _ = fetched.Exception; // Seen, if nobody waited.
    }

    // Where the store works: the first caller's grain must not become the one that every other waits for.
    private Task<long> FetchAsync_NeedsLock()
    {
        var isFast = _fetchedAt is { } then && time.GetElapsedTime(then) < s_fast;
        var size = _blockSize = Math.Clamp(isFast ? 2 * _blockSize : _blockSize / 2, FirstBlock, LargestBlock);
        _fetchedAt = time.GetTimestamp();
        return Task.Factory.StartNew(
            () => store.ReserveIdsAsync(name, size), CancellationToken.None, TaskCreationOptions.DenyChildAttach, store.Scheduler)
            .Unwrap();
    }
}
