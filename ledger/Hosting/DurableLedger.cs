using System.Collections.Concurrent;

namespace Mall.Ledger;

/// <summary>A store, its committer, and the sequences of ids. Disposing of it drains it.</summary>
public sealed class DurableLedger : ILedger, IAsyncDisposable
{
    private readonly IStore _store;
    private readonly GroupCommitter _committer;
    private readonly LedgerOptions _options;
    private readonly LedgerClock _clock;
    private readonly LedgerMetrics _metrics;
    private readonly ConcurrentDictionary<string, IdSequence> _sequences = new(StringComparer.Ordinal);
    private int _isDisposed;

    /// <param name="store">The database; disposed of together with the ledger.</param>
    public DurableLedger(IStore store, LedgerOptions options, TimeProvider time, ILogger<DurableLedger> logger)
        : this(store, options, new LedgerClock(time), logger, new LedgerMetrics())
    {
    }

    internal DurableLedger(IStore store, LedgerOptions options, LedgerClock clock, ILogger logger, LedgerMetrics metrics)
    {
        (_store, _options, _clock, _metrics) = (store, options, clock, metrics);
        _committer = new GroupCommitter(store, options, clock, metrics, logger);
        metrics.WatchQueue(() => _committer.QueueLength);
    }

    internal int Failures => _committer.Failures;

    /// <summary>Opens the database and brings its schema up to date. Nothing else may be called before that.</summary>
    /// <exception cref="LedgerStartException">It cannot be used, and why, in one line.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken = default)
    {
        await _store.OpenAsync(cancellationToken);
        await _clock.SetAsync(_store, cancellationToken);
        _committer.Start();
    }

    public Task<CommitOutcome> CommitAsync(WriteSet writes) => _committer.CommitAsync(writes);

    public Task<IReadOnlyList<T>> QueryAsync<T>(
        Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters) =>
        _store.QueryAsync(query, parameters, cancellationToken);

    public Task<long> SettledAsync(CancellationToken cancellationToken = default) => _store.SettledAsync(cancellationToken);

    public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _isDisposed) != 0)
            return ValueTask.FromException<long>(new LedgerUnavailableException("The ledger is stopping."));
        if (!_sequences.TryGetValue(sequence, out var ids))
            ids = _sequences.GetOrAdd(sequence, name => new IdSequence(name, _store, _clock, _options));
        return ids.NextAsync(cancellationToken);
    }

    /// <summary>Commits what waits, closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _committer.DisposeAsync();
        await _store.DisposeAsync();
        _metrics.Dispose();
    }
}
