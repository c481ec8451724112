using Mall.Api.Cluster;
using Mall.Runtime;

namespace Mall.Silo.Cluster;

/// <summary>The front door's look at the cluster, by way of the runtime's own grain.</summary>
internal sealed class RuntimeClusterStatus(IGrainFactory grains) : IClusterStatus
{
    private const int Hottest = 20;

    public async Task<ClusterStatus> TakeAsync()
    {
        var report = await grains.GetGrain<IClusterGrain>(0).Report();
        var heat =
            from silo in report.Silos
            where silo.Figures != null
            from grain in silo.Figures!.Hottest
            orderby grain.CallsPerSecond descending
            select new GrainLoad(grain.Grain, Math.Round(grain.CallsPerSecond, 1), grain.Waiting, silo.Address.Endpoint);
        return new ClusterStatus(report.ViewVersion, [.. report.Silos.Select(State)], [.. heat.Take(Hottest)]);
    }

    private static SiloState State(SiloReport silo) => new(
        silo.Address.Endpoint, silo.Address.Generation, Word(silo.Status), silo.LeaseUntil?.UtcDateTime,
        silo.Figures is { } known ? Math.Round(known.Uptime.TotalSeconds) : null, silo.Figures?.Calls, silo.Figures?.Waiting,
        [.. (silo.Figures?.Activations ?? []).Select(a => new ActivationCount(a.Type, a.Count))]);

    private static string Word(SiloStatus status) => status switch
    {
        SiloStatus.Active => "active",
        SiloStatus.Joining => "joining",
        SiloStatus.ShuttingDown => "leaving",
        _ => "dead",
    };
}
