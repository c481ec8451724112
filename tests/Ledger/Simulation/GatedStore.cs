using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

/// <summary>A store whose commits can be held back, so that a test can look at what happens meanwhile.</summary>
internal sealed class GatedStore(IStore inner) : IStore
{
    private TaskCompletionSource _open = Completed();
    private TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskScheduler Scheduler => inner.Scheduler;

    /// <summary>How many write sets each batch has had.</summary>
    public List<int> BatchSizes { get; } = [];

    /// <summary>Completes when a batch has come to the gate.</summary>
    public Task Entered => _entered.Task;

    public void Close()
    {
        _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Open() => _open.TrySetResult();

    public async ValueTask ApplyAsync(Batch batch)
    {
        BatchSizes.Add(batch.Count);
        _entered.TrySetResult();
        await _open.Task;
        await inner.ApplyAsync(batch);
    }

    public Task OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    public ValueTask<bool> HasCommittedAsync(string committer, long number) => inner.HasCommittedAsync(committer, number);

    public Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken) =>
        inner.QueryAsync(query, parameters, cancellationToken);

    public Task<long> ReserveIdsAsync(string sequence, int count) => inner.ReserveIdsAsync(sequence, count);

    public Task ReturnIdsAsync(string sequence, long first, long end) => inner.ReturnIdsAsync(sequence, first, end);

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) => inner.ClaimAsync(claim);

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) => inner.ClaimAsync(column, claim);

    public Task<int> CleanUpAsync(DateTimeOffset before, int limit) => inner.CleanUpAsync(before, limit);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }
}
