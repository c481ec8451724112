namespace Mall.Silo.Cluster;

/// <summary>
/// Whether this silo can write. Every two seconds it has the ledger prove it; among the write sets of a busy silo that costs
/// nothing.
/// </summary>
internal sealed class CommitWatch(WriteProof proof, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_probeLimit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_freshness = TimeSpan.FromSeconds(7);

    private long _provedAt = time.GetTimestamp(); // The start itself writes: it migrates the schema.
    private long _committedAt = time.GetTimestamp();
    private bool _isProved;
    private int _failed;

    /// <summary>What an order needs has been proved to work lately.</summary>
    public bool Commits => time.GetElapsedTime(Volatile.Read(ref _provedAt)) < s_freshness;

    /// <summary>The same, seen by this process itself: whoever has only started is no witness against others.</summary>
    public bool Testifies => Volatile.Read(ref _isProved) && Commits;

    /// <summary>Since the last commit of a proof, whatever became of its ids: reads may keep those waiting.</summary>
    public TimeSpan SinceCommit => time.GetElapsedTime(Volatile.Read(ref _committedAt));

    /// <summary>Commits since then that have come to nothing. None: it may be that this process has not run meanwhile.</summary>
    public int Failed => Volatile.Read(ref _failed);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_period, time);
        do
        {
            await ProbeAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ProbeAsync(CancellationToken stoppingToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        limit.CancelAfter(s_probeLimit);
        try
        {
            await proof.CommitAsync(limit.Token);
            Volatile.Write(ref _committedAt, time.GetTimestamp());
            Volatile.Write(ref _failed, 0);
        }
        catch (Exception) // The edge of the probe. The ledger has logged why; here only that it goes on counts.
        {
            Interlocked.Increment(ref _failed);
            return;
        }

        try
        {
            await proof.ReserveAsync(limit.Token);
            Volatile.Write(ref _provedAt, time.GetTimestamp());
            Volatile.Write(ref _isProved, true);
        }
        catch (Exception)
        {
            // Likewise.
        }
    }
}

/// <summary>Ready means that writes work.</summary>
internal sealed class CommitHealth(CommitWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Commits ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Nothing can be committed."));
}
