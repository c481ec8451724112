using Mall.Ledger;
using Mall.Ledger.Leases;
using Mall.Ledger.Stores;
using Mall.Silo.Settings;

namespace Mall.Silo.Cluster;

/// <summary>
/// A front door may be started together with its database and before any silo: it waits for both for a while, and says so, before
/// anything else starts.
/// </summary>
internal sealed partial class ClusterPatience(
    ILeaseTable leases, MallSettings settings, TimeProvider time, ILogger<ClusterPatience> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_lineEvery = TimeSpan.FromSeconds(5);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var nextLine = TimeSpan.Zero;
        while (await ComplaintAsync(cancellationToken) is { } complaint)
        {
            var waited = time.GetElapsedTime(start);
            if (waited >= s_limit)
                throw new SettingsException(SettingNames.Db, $"{settings.Db}: {complaint}, for {s_limit.TotalSeconds:0} s");
            if (waited >= nextLine)
            {
                LogWaits(settings.Db, complaint);
                nextLine += s_lineEvery;
            }

            await Task.Delay(s_pause, time, cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Why there is nobody to call, or null.</summary>
    private async Task<string?> ComplaintAsync(CancellationToken cancellationToken)
    {
        try
        {
            var view = await leases.ReadAsync(cancellationToken);
            return view.Leases.Any(l => l.Status == LeaseStatus.Active) ? null : "no silo has joined yet";
        }
        catch (LedgerUnavailableException exception)
        {
            return exception.Message.TrimEnd('.');
        }
    }

    [LoggerMessage(5101, LogLevel.Warning, "Waiting for the cluster at {Db}: {Complaint}")]
    private partial void LogWaits(StoreAddress db, string complaint);
}
