namespace Mall.Runtime.Tests.Simulation;

/// <summary>
/// Runs a whole silo, and the code that calls it, on the test's thread. Which of the work items that are ready runs next is drawn from a
/// seeded source, so one seed is one interleaving, and it can be had again.
/// </summary>
public sealed class SimulatedScheduler(int seed, FakeTime time) : SynchronizationContext, IWorkScheduler
{
    private readonly Random _random = new(seed);
    private readonly List<Action> _ready = [];

    /// <summary>Steps taken so far.</summary>
    public int Steps { get; private set; }

    public void Schedule(IThreadPoolWorkItem work, bool near) => _ready.Add(work.Execute);

    public override void Post(SendOrPostCallback d, object? state) => _ready.Add(() => d(state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs the program to its end, moving time on whenever there is nothing else to do.</summary>
    public void Run(Func<Task> program)
    {
        var outer = Current;
        SetSynchronizationContext(this);
        try
        {
            var task = program();
            while (!task.IsCompleted)
            {
                if (!Step() && !time.AdvanceToNextTimer()) throw new InvalidOperationException("The program waits for something that never comes.");
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }

    private bool Step()
    {
        if (_ready.Count == 0) return false;
        var index = _random.Next(_ready.Count);
        var work = _ready[index];
        _ready.RemoveAt(index);
        Steps++;
        work();
        return true;
    }
}
