namespace Mall.Ledger.Stores;

/// <summary>
/// Threads that may be blocked: SQLite's calls block (a commit waits for the disk), and drivers for MySQL may block in their
/// asynchronous calls, too. On the thread pool a disk or a database that hangs would then stop everything else in the process.
/// With one thread, what it is given runs in order; a committer's loop runs on the thread that writes, and so nothing has to be
/// handed over between the two.
/// </summary>
internal sealed class BlockingThreads : TaskScheduler, IDisposable
{
    private readonly Queue<Task> _tasks = new();
    private readonly int _count;
    private bool _isEnding;

    public BlockingThreads(string name, int count)
    {
        _count = count;
        for (var i = 0; i < count; i++)
        {
#pragma warning disable RS0030 // A store's threads, not the ledger's: simulations have a store without any.
            new Thread(Run) { IsBackground = true, Name = name }.Start();
#pragma warning restore RS0030
        }
    }

    public override int MaximumConcurrencyLevel => _count;

    /// <summary>Runs it on one of the threads.</summary>
    public Task<T> Run<T>(Func<T> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);

    /// <summary>
    /// Ends the threads when they have done what they have been given. Not waited for: what is left may be stuck.
    /// </summary>
    public void Dispose()
    {
        lock (_tasks)
        {
            _isEnding = true;
            Monitor.PulseAll(_tasks);
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

    // Whoever already is on one of the threads goes on there; what was queued keeps its place.
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
