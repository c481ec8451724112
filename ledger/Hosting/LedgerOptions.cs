namespace Mall.Ledger;

/// <summary>How a ledger runs. The defaults suit a shop.</summary>
public sealed class LedgerOptions
{
    /// <summary>Which database. Default: <c>sqlite:data/mall.db</c>.</summary>
    public StoreAddress Address { get; set; } = StoreAddress.Parse("sqlite:data/mall.db");

    /// <summary>How long a write set may take to be committed before its caller is told that the database is unavailable. Checked
    /// coarsely: up to a tenth of it more, a second at most. Default: 10 s.</summary>
    public TimeSpan CommitTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Write sets that may wait; others get <see cref="LedgerBusyException"/>. Default: 50,000.</summary>
    public int QueueLimit { get; set; } = 50_000;

    /// <summary>Most write sets in one transaction. More cost latency and gain little. Default: 1,024.</summary>
    public int MaxBatchWriteSets { get; set; } = 1_024;

    /// <summary>How long a stop waits for what is queued. Default: 10 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a start waits for a database server that is not up yet. Default: 30 s.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long ended sagas and their barrier rows are kept. Default: 7 days.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long the clean-up rests between two rounds through the tables. Default: 10 minutes.</summary>
    public TimeSpan CleanUpPeriod { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often due work is looked for. Default: 1 s.</summary>
    public TimeSpan DuePeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long claimed due work is left to whoever claimed it. Default: 30 s.</summary>
    public TimeSpan DueClaim { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Due work that is handled at once in this process, at most. Default: 64.</summary>
    public int DueConcurrency { get; set; } = 64;

    /// <summary>The source of jitter and of the committer's name; seed it to replay a run. Locked when it is used.</summary>
    public Random Random { get; set; } = new(RandomNumberGenerator.GetInt32(int.MaxValue));

    /// <summary>For simulations: runs what would run on a thread of the ledger's own. Default: null.</summary>
    public TaskScheduler? Scheduler { get; set; }

    /// <summary>Does not demand an SQLite file for itself. Never for a process that hosts grains. Default: false.</summary>
    public bool SharesFile { get; set; }

    /// <summary>Callers go on elsewhere: the committer's thread belongs to the next batch. Simulations run nothing inline anyhow,
    /// and to ask for it there would send <c>Task.WhenAll</c> and its like through the pool.</summary>
    internal TaskCreationOptions Continuations =>
        Scheduler is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None;

    /// <summary>Waits for a task, here, whatever becomes of it.</summary>
    internal const ConfigureAwaitOptions Quietly =
        ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    /// <summary>Like no other process's, ever: the start time tells apart what the random source might not.</summary>
    internal string NewName(TimeProvider time)
    {
        lock (Random) return $"{time.GetUtcNow().ToUnixTimeMilliseconds():x}-{Random.NextInt64():x}";
    }
}
