namespace Mall.Ledger.Sqlite;

/// <summary>
/// A thread that may be blocked, since a commit waits for the disk: on the thread pool a disk that hangs would stop everything
/// else in the process. What it is given runs in order; the committer's loop runs on it, too, and so nothing has to be handed
/// over between the two.
/// </summary>
internal sealed class SqliteThread : TaskScheduler, IDisposable
{
    private readonly Queue<Task> _tasks = new();
    private bool _isEnding;

    public SqliteThread()
    {
#pragma warning disable RS0030 // A store's thread, not the ledger's: simulations have a store without any.
        new Thread(Run) { IsBackground = true, Name = "mall-ledger-sqlite" }.Start();
#pragma warning restore RS0030
    }

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Ends the thread when it has done what it has been given. Not waited for: what is left may be stuck.</summary>
    public void Dispose()
    {
        lock (_tasks)
        {
            _isEnding = true;
            Monitor.Pulse(_tasks);
        }
    }

    protected override void QueueTask(Task task)
    {
        lock (_tasks)
        {
            ObjectDisposedException.ThrowIf(_isEnding && Current != this, this);
            _tasks.Enqueue(task);
            Monitor.Pulse(_tasks);
        }
    }

    // Whoever already is on the thread goes on there; what was queued keeps its place.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        Current == this && !taskWasPreviouslyQueued && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_tasks) return [.. _tasks];
    }

    private void Run()
    {
        while (TryTake() is { } task) TryExecuteTask(task);
    }

    private Task? TryTake()
    {
        lock (_tasks)
        {
            while (_tasks.Count == 0)
            {
                if (_isEnding) return null;
                Monitor.Wait(_tasks);
            }

            return _tasks.Dequeue();
        }
    }
}
