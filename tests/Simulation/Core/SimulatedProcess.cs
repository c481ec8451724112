namespace Mall.Simulation;

/// <summary>
/// A process of the simulated cluster: a silo, a front door, clients. What it does is events that it owns. Killed, none of them
/// ever happens; frozen (SIGSTOP), they wait until it goes on, while time and the others do not.
/// </summary>
public sealed class SimulatedProcess
{
    private readonly List<Action> _deferred = [];

    /// <param name="clockOff">How far its clock is off.</param>
    public SimulatedProcess(World world, string name, TimeSpan clockOff = default) =>
        (World, Name, Clock, Scheduler) = (world, name, new SimulatedClock(this, clockOff), new SimulatedScheduler(this));

    public World World { get; }
    public string Name { get; }
    public TimeProvider Clock { get; }
    public bool IsAlive { get; private set; } = true;
    public bool IsFrozen { get; private set; }

    /// <summary>For what runs in this process and is no activation's: background services, timers.</summary>
    public SimulatedScheduler Scheduler { get; }

    /// <summary>As <see cref="World.Schedule"/>, owned by this process.</summary>
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
