namespace Mall.Silo.Cluster;

/// <summary>Says of the silo that it is called at whether it is ready. The key spreads callers and means nothing.</summary>
[Alias("mall.IReadinessGrain")]
internal interface IReadinessGrain : IGrainWithIntegerKey
{
    [Alias("IsReady"), ResponseTimeout("00:00:02")]
    Task<bool> IsReady();
}

/// <inheritdoc cref="IReadinessGrain"/>
[Orleans.Concurrency.StatelessWorker]
internal sealed class ReadinessGrain(CommitWatch watch) : Grain, IReadinessGrain
{
    public Task<bool> IsReady() => Task.FromResult(watch.Commits);
}

/// <summary>A process that hosts no grains is ready while it reaches a silo that is.</summary>
internal sealed partial class FrontDoorHealth(IGrainFactory grains, ILogger<FrontDoorHealth> logger) : IHealthCheck
{
    private const int Tries = 3;

    private long _next;
    private string? _told;

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problem = "No silo that is reached can commit.";
        for (var i = 0; i < Tries; i++)
        {
            try
            {
                if (await grains.GetGrain<IReadinessGrain>(Interlocked.Increment(ref _next)).IsReady())
                {
                    _told = null;
                    return HealthCheckResult.Healthy();
                }
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                problem = "No silo is reached.";
            }
        }

        if (Interlocked.Exchange(ref _told, problem) != problem) LogUnready(problem);
        return HealthCheckResult.Unhealthy(problem);
    }

    [LoggerMessage(5107, LogLevel.Warning, "This front door cannot serve: {Problem}")]
    private partial void LogUnready(string problem);
}
