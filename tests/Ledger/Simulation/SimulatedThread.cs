namespace Mall.Ledger.Tests;

/// <summary>
/// One thread for everything: what is ready runs in an order drawn from the seed, and when nothing is ready, time jumps to the
/// next timer. The same seed gives the same run.
/// </summary>
internal sealed class SimulatedThread(int seed, ManualTime time) : TaskScheduler
{
    private readonly Random _random = new(seed);
    private readonly List<Task> _ready = [];

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs until the scenario has ended, and not longer than this in simulated time.</summary>
    public void Run(Func<Task> scenario, TimeSpan limit)
    {
        var whole = Start(scenario);
        var end = time.GetUtcNow() + limit;
        while (!whole.IsCompleted)
        {
            if (!RunOne() && !time.FireNext(end)) throw new TimeoutException($"Stuck at {time.GetUtcNow():O}; seed {seed}.");
        }

        while (RunOne()) { }
        if (whole.Exception is { } failure)
            throw new InvalidOperationException($"Seed {seed}: {failure.InnerException!.Message}", failure.InnerException);
    }

    public Task Start(Func<Task> activity) =>
        Task.Factory.StartNew(activity, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();

    protected override void QueueTask(Task task)
    {
        lock (_ready) _ready.Add(task);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _ready;

    private bool RunOne()
    {
        Task next;
        lock (_ready)
        {
            if (_ready.Count == 0) return false;
            var index = _random.Next(_ready.Count);
            next = _ready[index];
            _ready.RemoveAt(index);
        }

        TryExecuteTask(next);
        return true;
    }
}
