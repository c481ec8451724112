namespace Mall.Api.Cluster;

/// <summary>REST: the cluster, for operators.</summary>
internal sealed class ClusterEndpoints(IServiceProvider services, Clock clock)
{
    public void Map(RestRoutes cluster) =>
        cluster.Operator("GET", "", Get)
            .Says("Look at the cluster", "Its silos, their leases, grains in memory by type, and the hottest grains.")
            .Gives<ClusterStatus>(200, "The cluster, as one of its silos sees it.");

    private async Task Get(HttpContext http, Caller caller) => http.Answer(
        await clock.Patience(http).Wait(services.GetRequiredService<IClusterStatus>().TakeAsync()),
        ApiJson.Default.ClusterStatus);
}
