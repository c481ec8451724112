namespace Mall.Simulation;

/// <summary>
/// A process of the simulated cluster: a silo, a front door, clients. What it does is events that it owns. Killed, none of them
/// ever happens; frozen (SIGSTOP), they wait until it goes on, while time and the others do not.
/// </summary>
public sealed class SimulatedProcess
{
    private List<Action> _deferred = [];

    /// <param name="clockOff">How far its clock is off.</param>
    public SimulatedProcess(World world, string name, TimeSpan clockOff = default)
    {
        (World, Name) = (world, name);
        Clock = new SimulatedClock(this, clockOff);
        Scheduler = new SimulatedScheduler(this);
    }

    public World World { get; }

    public string Name { get; }

    public TimeProvider Clock { get; }

    /// <summary>For what runs in this process and is no activation's: background services, timers.</summary>
    public SimulatedScheduler Scheduler { get; }

    public bool IsAlive { get; private set; } = true;

    public bool IsFrozen { get; private set; }

    /// <summary>As <see cref="World.Schedule"/>, owned by this process.</summary>
    public void Schedule(TimeSpan delay, Action action) => World.Schedule(delay, action, this);

    /// <summary>Starts something asynchronous here.</summary>
    public Task Start(Func<Task> activity) =>
        Task.Factory.StartNew(activity, CancellationToken.None, TaskCreationOptions.None, Scheduler).Unwrap();

    /// <inheritdoc cref="Start(Func{Task})"/>
    public Task<T> Start<T>(Func<Task<T>> activity) =>
        Task.Factory.StartNew(activity, CancellationToken.None, TaskCreationOptions.None, Scheduler).Unwrap();

    public void Trace(string what) => World.Trace($"{Name}: {what}");

    /// <summary>As kill -9.</summary>
    public void Kill()
    {
        IsAlive = false;
        _deferred.Clear();
    }

    public void Freeze() => IsFrozen = true;

    public void Continue()
    {
        IsFrozen = false;
        var deferred = _deferred;
        _deferred = [];
        foreach (var action in deferred) Schedule(TimeSpan.Zero, action);
    }

    internal void Defer(Action action) => _deferred.Add(action);
}
