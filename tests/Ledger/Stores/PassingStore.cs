using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

/// <summary>Passes everything on to another store; a test's own takes in hand what it wants to.</summary>
internal abstract class PassingStore(IStore inner) : IStore
{
    public TaskScheduler Scheduler => inner.Scheduler;

    public Task OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public virtual ValueTask ApplyAsync(Batch batch) => inner.ApplyAsync(batch);

    public ValueTask<bool> HasCommittedAsync(string committer, long number) => inner.HasCommittedAsync(committer, number);

    public Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken) =>
        inner.QueryAsync(query, parameters, cancellationToken);

    public Task<long> SettledAsync(CancellationToken cancellationToken) => inner.SettledAsync(cancellationToken);

    public virtual Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) => inner.NowAsync(cancellationToken);

    public virtual Task<long> ReserveIdsAsync(string sequence, int count) => inner.ReserveIdsAsync(sequence, count);

    public Task<IReadOnlyList<T>> PickAsync<T>(Pick<T> pick) => inner.PickAsync(pick);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
