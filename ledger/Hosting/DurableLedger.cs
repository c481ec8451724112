namespace Mall.Ledger;

/// <summary>A store, its committer, and the sequences of ids. Disposing of it drains it and closes the database.</summary>
public sealed class DurableLedger(
    IStore store, LedgerOptions options, LedgerClock clock, LedgerMetrics metrics, ILogger<DurableLedger> logger)
    : ILedger, IAsyncDisposable
{
    private readonly GroupCommitter _committer = new(store, options, clock, metrics, logger);
    private readonly ConcurrentDictionary<string, IdSequence> _sequences = new(StringComparer.Ordinal);
    private int _isDisposed;

    internal int Failures => _committer.Failures;

    /// <summary>Opens the database and brings its schema up to date. Nothing else may be called before that.</summary>
    /// <exception cref="LedgerStartException">It cannot be used, and why, in one line.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken = default)
    {
        await store.OpenAsync(cancellationToken);
        await clock.SetAsync(store, cancellationToken);
        metrics.WatchQueue(() => _committer.QueueLength);
        _committer.Start();
    }

    public Task<CommitOutcome> CommitAsync(WriteSet writes) => _committer.CommitAsync(writes);

    public Task<IReadOnlyList<T>> QueryAsync<T>(
        Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters) =>
        store.QueryAsync(query, parameters, cancellationToken);

    public Task<long> SettledAsync(CancellationToken cancellationToken = default) => store.SettledAsync(cancellationToken);

    public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default) =>
        Volatile.Read(ref _isDisposed) != 0
            ? ValueTask.FromException<long>(new LedgerUnavailableException("The ledger is stopping."))
            : _sequences.GetOrAdd(
                sequence, static (name, its) => new(name, its.store, its.clock, its.options), (store, clock, options))
                .NextAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _committer.DisposeAsync();
        await store.DisposeAsync();
        metrics.Dispose();
    }
}
