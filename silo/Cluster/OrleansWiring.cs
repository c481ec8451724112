using Mall.Silo.Settings;

namespace Mall.Silo.Cluster;

/// <summary>How Orleans is set up in this process.</summary>
internal static class OrleansWiring
{
    public static void AddOrleans(this WebApplicationBuilder builder, MallSettings settings)
    {
        if (settings.Cluster is null)
        {
            builder.UseOrleans(silo => silo.UseLocalhostClustering());
        }
    }
}
