namespace Mall.Runtime.Tests.Simulation;

/// <summary>
/// Runs a whole silo, and the code that calls it, on the test's thread. Which of the work items that are ready runs next is drawn
/// from a seeded source, so one seed is one interleaving, and it can be had again.
/// </summary>
public sealed class SimulatedScheduler(int seed, FakeTime time) : SynchronizationContext, IWorkScheduler
{
    private const int MaxRounds = 5_000_000;

    private readonly Random _random = new(seed);
    private readonly ExecutionContext _clean = ExecutionContext.Capture()!;
    private readonly List<Action> _ready = [];
    private readonly Queue<TaskCompletionSource> _waitForIdle = [];
    private readonly Thread _thread = Thread.CurrentThread;
    private int _rounds;

    public void Schedule(IThreadPoolWorkItem work, bool near) => Add(work.Execute);

    public override void Post(SendOrPostCallback d, object? state) => Add(() => d(state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Ends when all that can run has run, without time moving on.</summary>
    public Task WhenIdle()
    {
        var waiter = new TaskCompletionSource();
        _waitForIdle.Enqueue(waiter);
        return waiter.Task;
    }

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
                if (++_rounds > MaxRounds) throw new InvalidOperationException("The program goes on for ever.");
                if (Step()) continue;
                if (_waitForIdle.TryDequeue(out var waiter)) waiter.SetResult();
                else if (!time.AdvanceToNextTimer(DateTimeOffset.MaxValue))
                    throw new InvalidOperationException("The program waits for something that never comes.");
            }

            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }

    private void Add(Action work)
    {
        if (Thread.CurrentThread != _thread) throw new InvalidOperationException("Something has left the simulation's thread.");
        _ready.Add(work);
    }

    private bool Step()
    {
        if (_ready.Count == 0) return false;
        var index = _random.Next(_ready.Count);
        var work = _ready[index];
        _ready.RemoveAt(index);
        // As on the thread pool, work does not see the values that travel with whoever happened to run before it.
        ExecutionContext.Restore(_clean);
        work();
        return true;
    }
}
