namespace Mall.Ledger;

/// <summary>How a host gets a ledger.</summary>
public static class LedgerServices
{
    /// <summary>Adds <see cref="ILedger"/> and its <see cref="LedgerClock"/>. The database is opened and migrated before any
    /// hosted service starts, and drained and closed after all have stopped. Needs a <see cref="TimeProvider"/> and logging from
    /// the host.</summary>
    public static IServiceCollection AddMallLedger(this IServiceCollection services, LedgerOptions options)
    {
        services.TryAddSingleton(provider => StoreAt(
            options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        return services.AddSingleton(options).AddSingleton<LedgerClock>().AddSingleton<DurableLedger>()
            .AddSingleton(provider => new LedgerMetrics(provider.GetService<IMeterFactory>()))
            .AddSingleton<ILedger>(provider => provider.GetRequiredService<DurableLedger>())
            .AddHostedService<LedgerLifetime>();
    }

    /// <summary>Adds what finds due work, also by each <see cref="DueColumn"/> among the services, and hands it to handlers (<see
    /// cref="AddDueHandler{T}"/>), once all hosted services have started; and the clean-up. For processes that host
    /// grains.</summary>
    public static IServiceCollection AddMallDueWork(this IServiceCollection services) => services
        .AddSingleton<DueWorker>().AddDueHandler<LedgerCleaner>()
        .AddSingleton<WriteProof>().AddSingleton<IDueHandler>(provider => provider.GetRequiredService<WriteProof>());

    public static IServiceCollection AddDueHandler<T>(this IServiceCollection services) where T : class, IDueHandler =>
        services.AddSingleton<IDueHandler, T>();

    /// <summary>The store at an address, not yet opened.</summary>
    public static IStore StoreAt(LedgerOptions options, TimeProvider time, ILoggerFactory? loggers = null) =>
        options.Address.Kind switch
        {
            StoreKind.Sqlite => new SqliteStore(options.Address, time, options.Scheduler, options.SharesFile),
            StoreKind.Postgres =>
                new PostgresStore(options, time, new Logger<PostgresStore>(loggers ?? NullLoggerFactory.Instance)),
            _ => new MySqlStore(options, time, new Logger<MySqlStore>(loggers ?? NullLoggerFactory.Instance)),
        };
}

/// <summary>Opens the ledger before anything serves, and closes it when nothing does any more. Due work, if it is wanted, begins
/// when everything that its handlers may call is up, and ends before anything stops.</summary>
internal sealed class LedgerLifetime(DurableLedger ledger, DueWorker? worker = null) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => ledger.OpenAsync(cancellationToken);
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        worker?.Start();
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => worker?.StopAsync(cancellationToken) ?? Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => ledger.DisposeAsync().AsTask();
}
