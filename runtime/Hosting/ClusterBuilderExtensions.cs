using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mall.Runtime;

/// <summary>Makes a silo one of several, or a process their client.</summary>
public static class ClusterBuilderExtensions
{
    /// <summary>
    /// Joins the cluster that the host's <see cref="IMembershipTable"/> describes, over TCP unless the host has another
    /// <see cref="IStreamNetwork"/>.
    /// </summary>
    public static ISiloBuilder UseCluster(this ISiloBuilder builder, Action<ClusterOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<ClusterOptions>().Configure(configure).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<IMembership, ClusterMembership>();
        services.TryAddSingleton<IStreamNetwork, TcpNetwork>();
        services.TryAddSingleton<ClusterTransport>();
        services.TryAddSingleton<ITransport>(static s => s.GetRequiredService<ClusterTransport>());
        services.TryAddSingleton<IProber>(static s => s.GetRequiredService<ClusterTransport>());
        services.TryAddSingleton<FailureDetector>();
        return builder;
    }
}
