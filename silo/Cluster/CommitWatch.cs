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

    private long _committedAt = time.GetTimestamp(); // The start itself commits: it migrates the schema.

    /// <summary>It has been proved lately.</summary>
    public bool Commits => Age < s_freshness;

    /// <summary>Since it was proved last.</summary>
    public TimeSpan Age => time.GetElapsedTime(Volatile.Read(ref _committedAt));

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
            await proof.GiveAsync(limit.Token);
            Volatile.Write(ref _committedAt, time.GetTimestamp());
        }
        catch (Exception failure) when (failure is not LedgerFaultException)
        {
            // The ledger has logged why; here only that it goes on counts.
        }
    }
}

/// <summary>Ready means that writes work.</summary>
internal sealed class CommitHealth(CommitWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Commits ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Nothing can be committed."));
}
