namespace Mall.Ledger.Tests;

/// <summary>Tells which mail came first.</summary>
internal sealed class Postman : IDueHandler
{
    private readonly TaskCompletionSource<string> _delivered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Kind => "mail";

    public Task<string> Delivered => _delivered.Task;

    public Task HandleAsync(DueItem item, CancellationToken cancellationToken)
    {
        _delivered.TrySetResult(item.Key);
        return Task.CompletedTask;
    }
}
