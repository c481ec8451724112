namespace Mall.Ledger.Sqlite;

/// <summary>A thread that may be blocked, since a commit waits for the disk. What it is given runs in order; the committer's loop
/// runs on it, too, and so nothing has to be handed over between the two.</summary>
internal sealed class SqliteThread : TaskScheduler, IDisposable
{
    private readonly BlockingCollection<Task> _tasks = [];

    public SqliteThread()
    {
#pragma warning disable RS0030 // A store's thread, not the ledger's: simulations have a store without any.
        new Thread(Run) { IsBackground = true, Name = "mall-ledger-sqlite" }.Start();
#pragma warning restore RS0030
    }

    /// <summary>Ends the thread when it has done what it has been given. Not waited for: what is left may be stuck.</summary>
    public void Dispose() => _tasks.CompleteAdding();

    protected override void QueueTask(Task task)
    {
        if (_tasks.IsAddingCompleted && Current == this) TryExecuteTask(task); // What the thread itself still has to go on with.
        else _tasks.Add(task); // Of others, nothing more.
    }

    // Whoever already is on the thread goes on there; what was queued keeps its place.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        Current == this && !taskWasPreviouslyQueued && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    private void Run()
    {
        foreach (var task in _tasks.GetConsumingEnumerable()) TryExecuteTask(task);
        _tasks.Dispose();
    }
}
