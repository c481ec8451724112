namespace Mall.Simulation;

/// <summary>
/// One task at a time, in the order in which they come, each as an event of its process. While a task runs this is the current
/// scheduler, so that whatever it awaits comes back here, at once when the task itself has completed it, as under Orleans.
/// Activations have one each: between them any order is possible.
/// </summary>
public sealed class SimulatedScheduler(SimulatedProcess process) : TaskScheduler
{
    private readonly Queue<Task> _tasks = new();

    public override int MaximumConcurrencyLevel => 1;

    public Task Start(Func<Task> activity) =>
        Task.Factory.StartNew(activity, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();

    public Task Start(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.None, this);

    protected override void QueueTask(Task task)
    {
        process.World.ThrowIfElsewhere();
        if (!process.IsAlive) return;
        _tasks.Enqueue(task);
        if (_tasks.Count == 1) process.World.ScheduleSoon(RunOne, process);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && Current == this && process is { IsAlive: true, IsFrozen: false } && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    private void RunOne()
    {
        TryExecuteTask(_tasks.Peek());
        _tasks.Dequeue();
        if (_tasks.Count > 0) process.World.ScheduleSoon(RunOne, process);
    }
}
