using Microsoft.Extensions.DependencyInjection;

namespace Mall.Hosting;

/// <summary>What grains need besides a runtime, an <see cref="ILedger"/> and a <see cref="TimeProvider"/>.</summary>
public static class GrainServices
{
    /// <param name="jitterSeed">Spreads retries; the same seed gives the same spread.</param>
    public static IServiceCollection AddMallGrains(
        this IServiceCollection services, OrderOptions orders, SagaOptions sagas, int jitterSeed)
    {
        services.AddSingleton(orders).AddSingleton(sagas).AddSingleton(new Jitter(jitterSeed));
        services.AddSingleton<GrainLedger>().AddSingleton<SagaServices>().AddSingleton<KnownUsers>();
        services.AddSingleton<OrderSagaKind>().AddSingleton<ISagaKind>(s => s.GetRequiredService<OrderSagaKind>());
        services.AddSingleton<OrderClosingKind>().AddSingleton<ISagaKind>(s => s.GetRequiredService<OrderClosingKind>());
        services.AddSingleton<RegistrationSagaKind>().AddSingleton<ISagaKind>(s => s.GetRequiredService<RegistrationSagaKind>());
        services.AddSingleton<SagaKinds>();
        services.AddMallDueWork().AddDueColumn(SagaRows.Due).AddDueHandler<SagaDueHandler>();
        services.AddDueColumn(OrderRows.Due).AddDueHandler<OrderDueHandler>();
        return services;
    }
}
