using Mall.Databases;
using Mall.Ledger;
using Mall.Ledger.Leases;
using Mall.Runtime;
using Mall.Silo.Settings;

namespace Mall.Silo.Cluster;

/// <summary>Makes a process one of several that share a database.</summary>
internal static class ClusterWiring
{
    /// <summary>The runtime as the settings want it: alone, a silo of a cluster, or a client of one.</summary>
    public static void AddRuntime(this IHostApplicationBuilder builder, MallSettings settings)
    {
        if (settings.Cluster is not { } cluster)
        {
            builder.UseMallRuntime();
            return;
        }

        builder.Services.AddMallLeases(new LeaseOptions { Address = settings.Db, MySqlDriver = MySqlDriver.Factory });
        builder.Services.AddSingleton<IMembershipTable, LeaseMembershipTable>();
        builder.Services.AddHealthChecks().AddCheck<ClusterHealth>("cluster");
        if (settings.Roles.HasFlag(Roles.Silo))
        {
            builder.UseMallRuntime(Configure);
        }
        else
        {
            builder.Services.AddHostedService<ClusterPatience>(); // A silo's ledger waits for the database itself.
            builder.UseMallRuntimeClient(Configure);
        }

        void Configure(ISiloBuilder silo)
        {
            silo.UseCluster(options =>
            {
                options.Endpoint = cluster.Silo ?? "";
                options.Secret = cluster.Secret;
                options.Certificate = cluster.Certificate;
            });
            silo.Configure<SiloOptions>(options => options.SiloName = settings.Roles.ToString());
        }
    }
}
