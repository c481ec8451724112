using Mall.Ledger;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Mall.Silo;

/// <summary>Ready means that the database answers; what it answers does not matter.</summary>
internal sealed class DatabaseHealth(ILedger ledger) : IHealthCheck
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private static readonly Query<long> s_anything = new("select count(*) from schema_version", row => row.GetInt64(0));

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await ledger.QueryAsync(s_anything, cancellationToken).WaitAsync(s_patience, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is LedgerUnavailableException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy("The database does not answer.", e);
        }
    }
}
