namespace Mall.Transactions;

/// <summary>What the alert hook is told, under the names that DTM's hook has.</summary>
internal sealed record TransactionAlert(
    string Gid, string Status, string Branch, string Error,
    [property: JsonPropertyName("retry_count")] int RetryCount);

/// <summary>Tells the alert hook, again and again until it has taken it: the alert is due work like any other.</summary>
internal sealed class AlertHandler(IBranchCaller caller) : IDueHandler
{
    internal const string KindOfWork = "transaction.alert";

    public string Kind => KindOfWork;

    public Task HandleAsync(DueItem item, CancellationToken cancellationToken) =>
        caller.AlertAsync(item.Payload ?? "{}", cancellationToken);
}
