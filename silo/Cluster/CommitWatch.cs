namespace Mall.Silo.Cluster;

/// <summary>
/// Whether this silo can commit. It commits a probe (an empty write set, of which the ledger keeps nothing but its mark) every
/// two seconds. A silo of a cluster that has not committed for a while asks the others: if one of them can, its own grains are of
/// no use to anybody, and it ends itself so that others take them over. If none can, or none answers, the database is away, and
/// it waits with them.
/// </summary>
internal sealed partial class CommitWatch(
    ILedger ledger, IServiceProvider services, TimeProvider time, ILogger<CommitWatch> logger) : BackgroundService, IControllable
{
    public const string Name = "commits";

    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_probeLimit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_freshness = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan s_askLimit = TimeSpan.FromSeconds(4);

    private long _committedAt = long.MinValue;

    /// <summary>A probe has been committed lately.</summary>
    public bool Commits => Age < s_freshness;

    private TimeSpan Age =>
        Volatile.Read(ref _committedAt) is > long.MinValue and var at ? time.GetElapsedTime(at) : TimeSpan.MaxValue;

    /// <summary>What another silo asks: can this one commit?</summary>
    Task<object?> IControllable.ExecuteCommand(int command, object? arg) => Task.FromResult<object?>(Commits);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Volatile.Write(ref _committedAt, time.GetTimestamp()); // The start itself has committed: it has migrated the schema.
        using var timer = new PeriodicTimer(s_period, time);
        do
        {
            await ProbeAsync(stoppingToken);
            if (Age >= s_patience && await OthersCommitAsync(stoppingToken)) GiveUp();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ProbeAsync(CancellationToken stoppingToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        limit.CancelAfter(s_probeLimit);
        try
        {
            await ledger.CommitAsync(new WriteSet(), limit.Token);
            Volatile.Write(ref _committedAt, time.GetTimestamp());
        }
        catch (Exception failure) when (failure is not LedgerFaultException)
        {
            // The ledger has logged why; here only that it goes on counts.
        }
    }

    private async Task<bool> OthersCommitAsync(CancellationToken stoppingToken)
    {
        try
        {
            var management = services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
            var answers = await management.SendControlCommandToProvider<CommitWatch>(Name, 0, null, stoppingToken)
                .WaitAsync(s_askLimit, time, stoppingToken);
            return answers.Contains(true);
        }
        catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
        {
            LogNobodyAnswers(failure.Message); // Then nothing speaks against this silo; it asks again.
            return false;
        }
    }

    private void GiveUp() => services.GetRequiredService<IFatalErrorHandler>().OnFatalException(
        this, $"it has not been able to commit for {Age.TotalSeconds:0} s, and others can.", null);

    [LoggerMessage(5106, LogLevel.Warning, "This silo cannot commit, and whether others can is not known: {Problem}")]
    private partial void LogNobodyAnswers(string problem);
}

/// <summary>Ready means that writes work.</summary>
internal sealed class CommitHealth(CommitWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Commits ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("Nothing can be committed."));
}
