using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Transactions;

/// <summary>How transactions of services are driven where their clients do not say so.</summary>
public sealed record TransactionSettings
{
    /// <summary>Before the first repeat of a call; it doubles. Default 10 s.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time between two repeats. Default one hour.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What is prepared longer is aborted, or its client is asked; a saga has no limit. Default 35 s.</summary>
    public TimeSpan TimeoutToFail { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>For one call of a branch. Default 3 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>After so many failures in a row the alert hook is told, and with each further one. Default 3.</summary>
    public int AlertAfter { get; init; } = 3;

    /// <summary>Whether there is an alert hook. Default: no.</summary>
    public bool HasAlertHook { get; init; }

    /// <summary>How long a client that waits for the result is kept waiting. Default 20 s.</summary>
    public TimeSpan WaitLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A transaction whose driver says nothing for so long is looked after by due work. Default 5 s.</summary>
    public TimeSpan TakeoverAfter { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>What every transaction's grain is given.</summary>
public sealed record TransactionServices(
    GrainLedger Ledger, LedgerClock Clock, TransactionSettings Settings, IBranchCaller Caller, IHostApplicationLifetime Lifetime,
    ILogger<GlobalTransactionGrain> Log);

/// <summary>Adds transactions of services to a silo, after its other grains. Needs an <see cref="IBranchCaller"/>.</summary>
public static class TransactionHosting
{
    public static IServiceCollection AddMallTransactions(this IServiceCollection services, TransactionSettings settings)
    {
        services.AddSingleton(settings).AddSingleton<TransactionServices>();
        foreach (var type in TransactionTypes.All) services.AddSingleton<ISagaKind>(new TransactionSagaKind(type));
        return services.AddDueHandler<AlertHandler>();
    }
}
