namespace Mall.Api.Cluster;

/// <summary>REST: the cluster, for operators.</summary>
internal static class ClusterEndpoints
{
    public static void MapCluster(this IEndpointRouteBuilder routes) =>
        routes.MapGroup("/v1/cluster").WithTags("Cluster").RequireAuthorization(Policies.Operator).MapGet("", Get);

    /// <summary>Look at the cluster</summary>
    /// <remarks>Its silos, grains in memory by type, and the hottest grains.</remarks>
    /// <response code="200">The cluster, as one of its silos sees it.</response>
    internal static async Task<Ok<ClusterStatus>> Get(IServiceProvider services, Patience patience) =>
        new(await patience.Insist(() => services.GetRequiredService<IClusterStatus>().TakeAsync()));
}
