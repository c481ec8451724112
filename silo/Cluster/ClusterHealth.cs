using Mall.Runtime;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mall.Silo.Cluster;

/// <summary>Whether this process has a cluster to work with: a silo its lease, a front door somebody to call.</summary>
internal sealed class ClusterHealth(IMembership membership) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(this switch
        {
            _ when !membership.MayServe => HealthCheckResult.Unhealthy("This silo has lost its lease."),
            _ when membership.Current.Silos.IsEmpty => HealthCheckResult.Unhealthy("No silo is alive."),
            _ => HealthCheckResult.Healthy(),
        });
}
