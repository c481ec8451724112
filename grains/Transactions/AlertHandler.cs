namespace Mall.Transactions;

/// <summary>What the alert hook is told, under the names that DTM's hook has.</summary>
internal sealed record TransactionAlert(
    string Gid, string Status, string Branch, string Error,
    [property: JsonPropertyName("retry_count")] int RetryCount);

/// <summary>
/// Tells the alert hook, again until it has taken it, for some twenty minutes: the alert is due work like any other, but a hook
/// that is gone must not make more and more of it.
/// </summary>
internal sealed partial class AlertHandler(IBranchCaller caller, ILogger<AlertHandler> log) : IDueHandler
{
    internal const string KindOfWork = "transaction.alert";

    private const int MostAttempts = 12;

    public string Kind => KindOfWork;

    public async Task HandleAsync(DueItem item, CancellationToken cancellationToken)
    {
        try
        {
            await caller.AlertAsync(item.Payload ?? "{}", cancellationToken);
        }
        catch (Exception failure) when (item.Attempts >= MostAttempts && !cancellationToken.IsCancellationRequested)
        {
            LogGivenUp(failure, item.Key.Split(' ')[0]);
        }
    }

    [LoggerMessage(3505, LogLevel.Error,
        "The alert hook has not taken the alert of transaction {Gid} in twenty minutes; it is gone")]
    private partial void LogGivenUp(Exception failure, string gid);
}
