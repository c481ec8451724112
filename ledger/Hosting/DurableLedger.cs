using System.Collections.Concurrent;

namespace Mall.Ledger;

/// <summary>
/// A store, a committer for each of its writers (docs/decisions/0015), and the sequences of ids. Disposing of it drains it. A
/// write set goes the way of its first row, so what a grain hands in keeps its order and buyers of one product share a batch.
/// </summary>
public sealed class DurableLedger : ILedger, IAsyncDisposable
{
    private readonly IStore _store;
    private readonly GroupCommitter[] _committers;
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
        options.Validate();
        (_store, _options, _clock, _metrics) = (store, options, clock, metrics);
        _committers = [.. Enumerable.Range(0, store.Writers)
            .Select(writer => new GroupCommitter(store, options, clock, metrics, logger, writer))];
        metrics.WatchQueue(() => _committers.Sum(committer => committer.QueueLength));
    }

    /// <summary>How often the database has failed since the start, whatever came after.</summary>
    internal int Failures => _committers.Sum(committer => committer.Failures);

    /// <summary>Opens the database and brings its schema up to date. Nothing else may be called before that.</summary>
    /// <exception cref="LedgerStartException">It cannot be used, and why, in one line.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken = default)
    {
        await _store.OpenAsync(cancellationToken);
        await _clock.SetAsync(_store, cancellationToken);
        foreach (var committer in _committers) committer.Start();
    }

    /// <inheritdoc/>
    public Task<CommitOutcome> CommitAsync(WriteSet writes) =>
        _committers[ConflictKeys.PartitionOf(writes, _committers.Length)].CommitAsync(writes);

    /// <summary>Commits it by each committer; it is for them to find that others have done the same.</summary>
    internal Task CommitByAllAsync(WriteSet writes) =>
        Task.WhenAll(_committers.Select(committer => committer.CommitAsync(writes)));

    /// <inheritdoc/>
    public Task<IReadOnlyList<T>> QueryAsync<T>(
        Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters) =>
        _store.QueryAsync(query, parameters, cancellationToken);

    /// <inheritdoc/>
    public Task<long> SettledAsync(CancellationToken cancellationToken = default) => _store.SettledAsync(cancellationToken);

    /// <inheritdoc/>
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
        var drains = _committers.Select(committer => committer.DisposeAsync().AsTask()).ToArray();
        foreach (var drain in drains) await drain;
        await _store.DisposeAsync();
        _metrics.Dispose();
    }
}
