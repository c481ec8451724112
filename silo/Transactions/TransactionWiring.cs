using Mall.Api.Transactions;
using Mall.Transactions;

namespace Mall.Silo.Transactions;

/// <summary>
/// How this process takes part in transactions of services outside: it drives them, and is a door for their clients.
/// </summary>
internal static class TransactionWiring
{
    public static void AddTransactions(this IServiceCollection services, DtmSettings settings)
    {
        services.AddMallTransactions(new TransactionSettings
        {
            Retry = settings.Retry, TimeoutToFail = settings.TimeoutToFail, RequestTimeout = settings.RequestTimeout,
            AlertAfter = settings.AlertAfter, HasAlertHook = settings.AlertUrl is not null,
        });
        services.AddSingleton(settings).AddSingleton(settings.Targets);
        services.AddSingleton<BranchChannels>().AddSingleton<IBranchCaller, BranchCaller>();
        services.AddHttpClient(BranchCaller.Branches, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => BranchChannels.HandlerFor(settings.Targets.Rules))
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan).RemoveAllLoggers();
        services.AddHttpClient(BranchCaller.Alerts)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan).RemoveAllLoggers();
    }

    public static void AddTransactionDoor(this IServiceCollection services, DtmSettings settings)
    {
        services.AddSingleton(new DtmOptions
        {
            Http = settings.Http, Grpc = settings.Grpc, Clients = settings.Clients, Targets = settings.Targets,
            TimeoutToFail = settings.TimeoutToFail,
        });
        services.AddHostedService<DtmDoor>();
    }
}
