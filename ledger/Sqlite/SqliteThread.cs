namespace Mall.Ledger.Sqlite;

/// <summary>
/// The one thread that writes to an SQLite file. SQLite's calls block (a commit waits for the disk), so they get a thread that
/// may be blocked; the committer's loop runs on it as well, and so nothing has to be handed over between the two.
/// </summary>
internal sealed class SqliteThread : TaskScheduler, IDisposable
{
    private readonly Queue<Task> _tasks = new();
#pragma warning disable RS0030 // A store's thread, not the ledger's: simulations run on an InlineScheduler instead.
    private readonly Thread _thread;

    public SqliteThread(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    private bool IsOnThread => Thread.CurrentThread == _thread;
#pragma warning restore RS0030

    private bool _isEnding;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>
    /// Ends the thread when it has done what it has been given. Not waited for: what is left may be stuck on a disk.
    /// </summary>
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
            ObjectDisposedException.ThrowIf(_isEnding && !IsOnThread, this);
            _tasks.Enqueue(task);
            Monitor.Pulse(_tasks);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        IsOnThread && !taskWasPreviouslyQueued && TryExecuteTask(task);

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
