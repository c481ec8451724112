using Orleans.Runtime.Messaging;

namespace Mall.Silo.Cluster;

/// <summary>
/// A front door may be started together with its database and before any silo: it waits for both for a while, says so, and then
/// gives up with a line that names the setting.
/// </summary>
internal sealed partial class JoinPatience(MallSettings settings, TimeProvider time, ILogger<JoinPatience> logger)
    : IClientConnectionRetryFilter
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_lineEvery = TimeSpan.FromSeconds(5);

    private readonly long _start = time.GetTimestamp();
    private TimeSpan _nextLine;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        var waited = time.GetElapsedTime(_start);
        var complaint = exception is SiloUnavailableException or ConnectionFailedException
            ? "no silo has joined yet that answers (with the same cluster, and the same cluster-certificate or none)"
            : exception.GetBaseException().Message.TrimEnd('.');
        if (waited >= s_limit)
            throw new SettingsException(SettingNames.Db, $"{settings.Db}: {complaint}, for {s_limit.TotalSeconds:0} s");
        if (waited >= _nextLine)
        {
            LogWaits(settings.Db, complaint);
            _nextLine = waited + s_lineEvery;
        }

        await Task.Delay(s_pause, time, cancellationToken);
        return true;
    }

    [LoggerMessage(5101, LogLevel.Warning, "Waiting for the cluster at {Db}: {Complaint}")]
    private partial void LogWaits(Ledger.Stores.StoreAddress db, string complaint);
}
