using System.Diagnostics.Metrics;
using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mall.Ledger;

/// <summary>How a host gets a ledger.</summary>
public static class LedgerServices
{
    /// <summary>
    /// Adds <see cref="ILedger"/>. The database is opened and migrated before any hosted service starts, and drained and closed after all
    /// have stopped. Needs a <see cref="TimeProvider"/> and logging from the host.
    /// </summary>
    public static IServiceCollection AddMallLedger(this IServiceCollection services, LedgerOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(provider => StoreAt(options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new LedgerMetrics(provider.GetService<IMeterFactory>()));
        services.AddSingleton(provider => new DurableLedger(
            provider.GetRequiredService<IStore>(),
            options,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DurableLedger>>(),
            provider.GetRequiredService<LedgerMetrics>()));
        services.AddSingleton<ILedger>(provider => provider.GetRequiredService<DurableLedger>());
        services.AddHostedService<LedgerLifetime>();
        return services;
    }

    /// <summary>The store at an address, not yet opened.</summary>
    /// <exception cref="LedgerStartException">No store of that kind is built in.</exception>
    public static IStore StoreAt(LedgerOptions options, TimeProvider time) => options.Address.Kind switch
    {
        StoreKind.Sqlite => new SqliteStore(options.Address, time, options.Scheduler),
        var kind => throw new LedgerStartException($"db: {kind} is not supported by this version; use sqlite:path/to/file.db."),
    };
}

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
