using System.Diagnostics.Metrics;
using Mall.Carts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mall.Hosting;

/// <summary>What grains need besides a runtime, an <see cref="ILedger"/> and a <see cref="TimeProvider"/>.</summary>
public static class GrainServices
{
    /// <remarks>
    /// The host's to add is what leaves the process: each <see cref="IPaymentProvider"/>, the first for new payments, and an
    /// <see cref="IWebhookClient"/>.
    /// </remarks>
    /// <param name="jitterSeed">Spreads retries; the same seed gives the same spread.</param>
    public static IServiceCollection AddMallGrains(
        this IServiceCollection services, OrderOptions orders, SagaOptions sagas, int jitterSeed)
    {
        services.AddSingleton(orders).AddSingleton(sagas).AddSingleton(new Jitter(jitterSeed));
        services.AddSingleton<GrainLedger>().AddSingleton<SagaServices>().AddSingleton<KnownUsers>();
        services.AddSingleton<WholeOrders>();
        services.AddSingleton<OrderSagaKind>().AddSingleton<ISagaKind>(s => s.GetRequiredService<OrderSagaKind>());
        services.AddSingleton<OrderClosingKind>().AddSingleton<ISagaKind>(s => s.GetRequiredService<OrderClosingKind>());
        services.AddSingleton<RegistrationSagaKind>().AddSingleton<ISagaKind>(s => s.GetRequiredService<RegistrationSagaKind>());
        services.AddSingleton<RefundSagaKind>().AddSingleton<ISagaKind>(s => s.GetRequiredService<RefundSagaKind>());
        services.AddSingleton<PaymentProviders>().AddSingleton(s => new PaymentMetrics(s.GetService<IMeterFactory>()));
        services.AddSingleton(all => new CartMetrics(all.GetService<IMeterFactory>()));
        services.TryAddSingleton(new PaymentOptions());
        services.AddSingleton<SagaKinds>();
        services.AddSingleton(SessionRows.Expired).AddSingleton(SessionRows.Told);
        services.AddMallDueWork().AddSingleton(SagaRows.Due).AddDueHandler<SagaDueHandler>();
        services.AddSingleton(WebhookRows.Due).AddDueHandler<WebhookDueHandler>();
        services.AddSingleton(all => new ScheduleMetrics(all.GetService<IMeterFactory>()));
        services.AddHostedService(all => all.GetRequiredService<ScheduleMetrics>());
        services.AddSingleton<IScheduledJob, CleanUpJob>().AddSingleton<IScheduledJob, ShopReportJob>();
        services.AddSingleton<IScheduledJob, ReconciliationJob>();
        services.AddSingleton(ScheduleRows.Due).AddDueHandler<ScheduleDueHandler>();
        services.AddSingleton(OrderRows.Due).AddDueHandler<OrderDueHandler>();
        services.AddDueHandler<SalesTeller>();
        return services;
    }
}
