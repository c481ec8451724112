namespace Mall.Simulation;

/// <summary>A process of the simulated cluster: a silo, a front door, clients. What it does is events that it owns. Killed, none
/// of them ever happens; frozen (SIGSTOP), they wait until it goes on, while time and the others do not.</summary>
public sealed class SimulatedProcess
{
    private readonly List<Action> _deferred = [];

    public SimulatedProcess(World world, string name, TimeSpan clockOff = default) =>
        (World, Name, Clock, Scheduler) = (world, name, new SimulatedClock(this, clockOff), new SimulatedScheduler(this));
    public World World { get; }
    public string Name { get; }
    public TimeProvider Clock { get; }
    public SimulatedScheduler Scheduler { get; } // for what is no activation's: background services, clients
    public bool IsAlive { get; private set; } = true;
    public bool IsFrozen { get; private set; }
    public void Schedule(TimeSpan delay, Action action) => World.Schedule(delay, action, this);
    public Task Start(Func<Task> activity) => Scheduler.Start(activity);
    public void Trace(string what) => World.Trace($"{Name}: {what}");
    public void Kill() => IsAlive = false;
    public void Freeze() => IsFrozen = true;

    public void Continue()
    {
        IsFrozen = false;
        if (IsAlive) Trace("goes on");
        foreach (var action in _deferred) Schedule(TimeSpan.Zero, action);
        _deferred.Clear();
    }

    internal void Defer(Action action) => _deferred.Add(action);
}

/// <summary>One task at a time, in the order in which they come, each as an event of its process. While a task runs this is the
/// current scheduler, so that whatever it awaits comes back here, at once when the task itself has completed it, as under
/// Orleans. Activations have one each: between them any order is possible.</summary>
public sealed class SimulatedScheduler(SimulatedProcess process) : TaskScheduler
{
    private readonly Queue<Task> _tasks = new();

    public Task Start(Func<Task> activity) => Task.Factory.StartNew(activity, default, TaskCreationOptions.None, this).Unwrap();
    public Task Start(Action action) => Task.Factory.StartNew(action, default, TaskCreationOptions.None, this);

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

/// <summary>Time as one process sees it. Its clock may be off; spans are the same for all.</summary>
internal sealed class SimulatedClock(SimulatedProcess process, TimeSpan off) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override DateTimeOffset GetUtcNow() => process.World.UtcNow + off;
    public override long GetTimestamp() => process.World.Now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(process, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimulatedTimer(SimulatedProcess process, Action callback) : ITimer
    {
        private int _setting; // Moves with each change: what was scheduled under an older one is void.

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var setting = ++_setting;
            if (dueTime >= TimeSpan.Zero) Schedule(dueTime);
            return true;

            void Schedule(TimeSpan delay) => process.Schedule(delay, () =>
            {
                if (setting != _setting) return;
                if (period > TimeSpan.Zero) Schedule(period);
                callback();
            });
        }

        public void Dispose() => _setting++;
        public ValueTask DisposeAsync() => new(Task.FromResult(++_setting));
    }
}
