using Mall.Carts;
using Mall.Silo.Observability;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Serialization;
using Orleans.Serialization.Configuration;

namespace Mall.Silo.Cluster;

/// <summary>
/// How Orleans is set up in this process: a silo alone, a silo among several, or a client of those. Members find each other
/// through the mall's own database (the tables and statements are among the migrations). What follows from the numbers here is in
/// docs/operations.md.
/// </summary>
internal static class OrleansWiring
{
    /// <summary>Names the mall in Orleans' storage; never changes, whatever the cluster is called.</summary>
    private const string ServiceId = "mall";

    public static void AddOrleans(this WebApplicationBuilder builder, MallSettings settings)
    {
        if (settings.Roles.HasFlag(Roles.Silo)) builder.UseOrleans(silo => ConfigureSilo(silo, settings));
        else builder.UseOrleansClient(client => ConfigureClient(client, settings, settings.Cluster!));
    }

    private static void ConfigureSilo(ISiloBuilder silo, MallSettings settings)
    {
        silo.Configure<ClusterOptions>(cluster => Name(cluster, settings.Cluster?.Id ?? ClusterSettings.DefaultId));
        silo.Services.Configure<ExceptionSerializationOptions>(CarryOwnExceptions);
        silo.Services.Configure<TypeManifestOptions>(NameReceivers);
        silo.Configure<SiloMessagingOptions>(messaging => messaging.MaxEnqueuedRequestsHardLimit = 10_000);
        InterfaceTypeCache.AddTo(silo.Services);
        silo.PropagateTraces(settings);
        silo.UseKeyPlacement();
        silo.AddAdoNetGrainStorage(
            CartGrain.Storage, ado => (ado.Invariant, ado.ConnectionString) = OrleansDatabase.Of(settings.Db));
        silo.Services.AddSingleton<IFatalErrorHandler, FatalExit>();
        silo.Services.AddSingleton<CommitWatch>().AddHostedService(services => services.GetRequiredService<CommitWatch>());
        silo.Services.AddHostedService<BacklogWatch>();
        silo.Services.AddSingleton<HotGrains>()
            .AddSingleton<IIncomingGrainCallFilter>(all => all.GetRequiredService<HotGrains>());
        silo.Services.AddKeyedSingleton<IControllable>(HotGrains.Name, (all, _) => all.GetRequiredService<HotGrains>());
        silo.AddDashboard(dashboard => dashboard.HideTrace = true); // A live log is more than an operator of the mall may see.
        silo.Services.AddHealthChecks().AddCheck<CommitHealth>("database");
        if (settings.Cluster is { } cluster) JoinCluster(silo, settings, cluster);
        else StayAlone(silo);
    }

    /// <summary>
    /// Nobody calls a silo that is alone: it has no gateway, and listens where the system finds room, so that several malls fit
    /// on one machine.
    /// </summary>
    private static void StayAlone(ISiloBuilder silo) => silo
        .UseLocalhostClustering(serviceId: ServiceId)
        .Configure<EndpointOptions>(endpoints =>
        {
            endpoints.GatewayPort = 0;
            endpoints.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, 0);
        });

    private static void JoinCluster(ISiloBuilder silo, MallSettings settings, ClusterSettings cluster)
    {
        FreeAddress.Require(SettingNames.Silo, cluster.Silo!);
        FreeAddress.Require(SettingNames.Gateway, cluster.Gateway!);
        silo.UseAdoNetClustering(ado => (ado.Invariant, ado.ConnectionString) = OrleansDatabase.Of(settings.Db));
        silo.Configure<EndpointOptions>(endpoints =>
        {
            endpoints.AdvertisedIPAddress = cluster.Silo!.Address;
            (endpoints.SiloPort, endpoints.GatewayPort) = (cluster.Silo.Port, cluster.Gateway!.Port);
            (endpoints.SiloListeningEndpoint, endpoints.GatewayListeningEndpoint) = (cluster.Silo, cluster.Gateway);
        });
        silo.Configure<SiloOptions>(options => options.SiloName = $"{settings.Roles}@{cluster.Silo}");

        // A silo that hangs or is cut off is voted dead within some 20 s; one that has died is found by DeathWatch at once.
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(2);
            membership.MinProbeTimeout = TimeSpan.FromSeconds(1);
            membership.MaxProbeTimeout = TimeSpan.FromSeconds(3);
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            membership.MaxJoinAttemptTime = TimeSpan.FromSeconds(30); // One that cannot reach the others by then does not start.
        });
        silo.Services.AddSingleton<PeerWatch>().AddHostedService(services => services.GetRequiredService<PeerWatch>());
        silo.Services.AddSingleton<DeathWatch>().AddHostedService(services => services.GetRequiredService<DeathWatch>());
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<DeathWatch>(
            (connections, watch) =>
            {
                connections.ConfigureSiloOutboundConnection(connection => connection.Use(watch.FollowOutbound));
                connections.ConfigureSiloInboundConnection(connection => connection.Use(watch.FollowInbound));
            });
        if (cluster.Certificate is { } certificate) silo.UseTls(certificate, tls => tls.ExpectThisVery(certificate));
    }

    private static void ConfigureClient(IClientBuilder client, MallSettings settings, ClusterSettings cluster)
    {
        client.Configure<ClusterOptions>(options => Name(options, cluster.Id));
        client.UseAdoNetClustering(ado => (ado.Invariant, ado.ConnectionString) = OrleansDatabase.Of(settings.Db));
        client.Services.Configure<ExceptionSerializationOptions>(CarryOwnExceptions);
        client.Services.Configure<TypeManifestOptions>(NameReceivers);
        InterfaceTypeCache.AddTo(client.Services);
        client.PropagateTraces(settings);
        client.AddDashboard();
        client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
        client.UseConnectionRetryFilter<JoinPatience>();
        client.Services.AddHealthChecks().AddCheck<FrontDoorHealth>("cluster");
        if (cluster.Certificate is { } certificate) client.UseTls(certificate, tls => tls.ExpectThisVery(certificate));
    }

    /// <summary>What the contract has no exception for (a fault of the ledger) crosses silos with its message at least.</summary>
    private static void CarryOwnExceptions(ExceptionSerializationOptions options) =>
        options.SupportedNamespacePrefixes.Add("Mall");

    /// <summary>A command names the type that receives it, and a process takes only names that it has been told of.</summary>
    private static void NameReceivers(TypeManifestOptions types) => types.AddAllowedType(typeof(HotGrains));

    private static void Name(ClusterOptions cluster, string id) => (cluster.ClusterId, cluster.ServiceId) = (id, ServiceId);
}
