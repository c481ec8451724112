using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

/// <summary>A store whose commits can be held back, so that a test can look at what happens meanwhile.</summary>
internal sealed class GatedStore(IStore inner) : PassingStore(inner)
{
    private TaskCompletionSource _open = Completed();
    private TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

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

    public override async ValueTask ApplyAsync(Batch batch)
    {
        BatchSizes.Add(batch.Count);
        _entered.TrySetResult();
        await _open.Task;
        await base.ApplyAsync(batch);
    }

    private static TaskCompletionSource Completed()
    {
        var completed = new TaskCompletionSource();
        completed.SetResult();
        return completed;
    }
}
