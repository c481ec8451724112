using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Mall.Runtime;

/// <summary>Puts a silo into a host.</summary>
public static class MallRuntimeHostingExtensions
{
    /// <summary>
    /// Adds a silo that starts and stops with the host, and <see cref="IGrainFactory"/> and <see cref="IClusterClient"/> to call
    /// its grains. Services that start after it may call grains while they start and until they have stopped. A process that is
    /// not in its <see cref="IMembership"/>'s view hosts no grains and sends every call to the grain's owner.
    /// </summary>
    public static IHostApplicationBuilder UseMallRuntime(
        this IHostApplicationBuilder builder, Action<ISiloBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        configure?.Invoke(new SiloBuilder(builder.Services, builder.Configuration));
        AddSilo(builder.Services);
        return builder;
    }

    /// <summary>
    /// Adds a client of the cluster: <see cref="IGrainFactory"/> and <see cref="IClusterClient"/>, whose calls go straight to the
    /// silo that owns the grain. Needs <see cref="ClusterBuilderExtensions.UseCluster"/>.
    /// </summary>
    public static IHostApplicationBuilder UseMallRuntimeClient(
        this IHostApplicationBuilder builder, Action<ISiloBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<IMembership, ClientMembership>();
        builder.Services.Configure<SiloOptions>(static options => options.HostsGrains = false);
        return builder.UseMallRuntime(configure);
    }

    private static void AddSilo(IServiceCollection services)
    {
        services.AddOptions<SiloOptions>().ValidateDataAnnotations().ValidateOnStart();
#pragma warning disable RS0030 // The one place where the system's clock comes in, when the host has not given another.
        services.TryAddSingleton(TimeProvider.System);
#pragma warning restore RS0030
        services.TryAddSingleton<IWorkScheduler, ThreadPoolScheduler>();
        services.TryAddSingleton<IRandomSource, SystemRandomSource>();
        services.TryAddSingleton<IPlacement, RendezvousPlacement>();
        services.TryAddSingleton<IMembership>(static s =>
            new SingleSiloMembership(new SiloAddress("local", s.GetRequiredService<TimeProvider>().GetUtcNow().UtcTicks)));
        services.TryAddSingleton<ITransport, LoopbackTransport>();
        services.AddMetrics();
        services.TryAddSingleton<SiloRuntime>();
        services.TryAddSingleton<IRuntimeStatistics>(static s => s.GetRequiredService<SiloRuntime>().Statistics);
        services.TryAddSingleton<IClusterClient>(static s => s.GetRequiredService<SiloRuntime>().References);
        services.TryAddSingleton<IGrainFactory>(static s => s.GetRequiredService<IClusterClient>());
        services.AddHostedService<SiloHostedService>();
    }
}
