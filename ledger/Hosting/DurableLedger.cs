using System.Collections.Concurrent;

namespace Mall.Ledger;

/// <summary>A store, the committer that writes to it, and the sequences of ids. Disposing of it drains it.</summary>
public sealed class DurableLedger : ILedger, IAsyncDisposable
{
    private readonly IStore _store;
    private readonly GroupCommitter _committer;
    private readonly LedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly LedgerMetrics _metrics;
    private readonly ConcurrentDictionary<string, IdSequence> _sequences = new(StringComparer.Ordinal);
    private int _isDisposed;

    /// <param name="store">The database; disposed of together with the ledger.</param>
    public DurableLedger(IStore store, LedgerOptions options, TimeProvider time, ILogger<DurableLedger> logger)
        : this(store, options, time, logger, new LedgerMetrics())
    {
    }

    internal DurableLedger(IStore store, LedgerOptions options, TimeProvider time, ILogger logger, LedgerMetrics metrics)
    {
        options.Validate();
        (_store, _options, _time, _metrics) = (store, options, time, metrics);
        _committer = new GroupCommitter(store, options, time, metrics, logger);
        metrics.WatchQueue(() => _committer.QueueLength);
    }

    /// <summary>How often the database has failed since the start, whatever came after.</summary>
    internal int Failures => _committer.Failures;

    /// <summary>Opens the database and brings its schema up to date. Nothing else may be called before that.</summary>
    /// <exception cref="LedgerStartException">It cannot be used, and why, in one line.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken = default)
    {
        await _store.OpenAsync(cancellationToken);
        _committer.Start();
    }

    /// <inheritdoc/>
    public Task<CommitOutcome> CommitAsync(WriteSet writes, CancellationToken cancellationToken = default) =>
        _committer.CommitAsync(writes, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<T>> QueryAsync<T>(
        Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters) =>
        _store.QueryAsync(query, parameters, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref _isDisposed) != 0)
            return ValueTask.FromException<long>(new LedgerUnavailableException("The ledger is stopping."));
        if (!_sequences.TryGetValue(sequence, out var ids))
            ids = _sequences.GetOrAdd(sequence, name => new IdSequence(name, _store, _time, _options));
        return ids.NextAsync(cancellationToken);
    }

    /// <summary>Commits what waits, gives back unused ids, closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        await _committer.DisposeAsync();
        foreach (var (_, sequence) in _sequences.OrderBy(named => named.Key, StringComparer.Ordinal)) // the same in every run
        {
            try
            {
                await sequence.CloseAsync();
            }
            catch (LedgerUnavailableException)
            {
                // Ids that cannot be given back are lost, as after a crash.
            }
        }

        await _store.DisposeAsync();
        _metrics.Dispose();
    }
}
