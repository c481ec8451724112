namespace Mall.Ledger.Tests;

/// <summary>
/// Runs what it is given at once, on the thread that gives it; what is given meanwhile runs after it, in order. With it a ledger
/// has no thread of its own and commits within the caller's call, so that a simulation can run everything on one thread from one
/// seed.
/// </summary>
internal sealed class InlineScheduler : TaskScheduler
{
    private readonly Queue<Task> _tasks = new();
    private bool _isRunning;

    public override int MaximumConcurrencyLevel => 1;

    protected override void QueueTask(Task task)
    {
        lock (_tasks)
        {
            _tasks.Enqueue(task);
            if (_isRunning) return; // Whoever runs takes it, so two threads never run at once.
            _isRunning = true;
        }

        while (TryTake() is { } next) TryExecuteTask(next);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_tasks) return [.. _tasks];
    }

    private Task? TryTake()
    {
        lock (_tasks)
        {
            _isRunning = _tasks.TryDequeue(out var task);
            return task;
        }
    }
}
