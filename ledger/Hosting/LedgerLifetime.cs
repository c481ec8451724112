using Microsoft.Extensions.Hosting;

namespace Mall.Ledger;

/// <summary>Opens the ledger before anything serves, and closes it when nothing does any more.</summary>
internal sealed class LedgerLifetime(DurableLedger ledger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => ledger.OpenAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => ledger.DisposeAsync().AsTask();
}
