namespace Mall.Api.Health;

/// <summary>
/// Whether this process can serve: what the host's health checks say, asked at most once a second however many ask, and "no" from
/// the moment it is told to stop, so that balancers send their requests elsewhere while it drains. As a health check it is what
/// gRPC's health service asks, so that both doors say the same.
/// </summary>
internal sealed class Readiness(IServiceProvider services, IHostApplicationLifetime lifetime, TimeProvider clock) : IHealthCheck
{
    public const string Name = "ready";

    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_checkLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private Task<HealthReport>? _asked;
    private long _askedAt;

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) =>
        (await Ask(cancellationToken)).IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy();

    public async Task<HealthAnswer> Ask(CancellationToken cancellationToken)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            return new HealthAnswer("stopping", null);
        try
        {
            var report = await Current().WaitAsync(s_checkLimit, clock, cancellationToken);
            return new HealthAnswer(
                report.Status == HealthStatus.Unhealthy ? "unready" : HealthAnswer.Ready,
                report.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Status.ToString()));
        }
        catch (TimeoutException)
        {
            return new HealthAnswer("unready", null);
        }
    }

    /// <summary>All who ask within a second share one run of the checks; one that failed counts for nobody else.</summary>
    private Task<HealthReport> Current()
    {
        lock (_gate)
        {
            if (_asked is null || _asked.IsFaulted || (_asked.IsCompleted && clock.GetElapsedTime(_askedAt) >= s_fresh))
            {
                _askedAt = clock.GetTimestamp();
                _asked = Check();
            }

            return _asked;
        }
    }

    /// <summary>While the process starts its checks have nothing to say yet; whoever asks waits for it.</summary>
    private async Task<HealthReport> Check()
    {
        var started = new TaskCompletionSource();
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
            await started.Task;
        return await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name != Name);
    }
}
