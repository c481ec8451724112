namespace Mall.Silo.Cluster;

/// <summary>The front door's look at the cluster, by way of Orleans' management grain.</summary>
internal sealed class OrleansClusterStatus(IGrainFactory grains, TimeProvider time) : IClusterStatus
{
    private const int Hottest = 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    public async Task<ClusterStatus> TakeAsync()
    {
        var management = grains.GetGrain<IManagementGrain>(0);
        var members = await management.GetDetailedHosts();
        var active = members.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).ToArray();
        var activations = await OrNothing(management.GetSimpleGrainStatistics(active));
        var hot = await OrNothing(management.SendControlCommandToProvider<HotGrains>(HotGrains.Name, 0));
        var loads = hot.OfType<SiloLoad>().ToDictionary(silo => silo.Silo);
        return new ClusterStatus(
            [
                .. from member in members
                   orderby member.SiloAddress.Endpoint.ToString(), member.SiloAddress.Generation
                   select State(member, activations, loads.GetValueOrDefault(member.SiloAddress.ToParsableString())),
            ],
            [
                .. loads.Values.SelectMany(silo => silo.Hottest).OrderByDescending(grain => grain.Calls).Take(Hottest)
                    .Select(grain => new GrainLoad(grain.Grain, Math.Round(grain.Calls, 1))),
            ]);
    }

    /// <summary>A silo that hangs, or that answers in a way nobody foresaw, must not hide the others.</summary>
    private async Task<T[]> OrNothing<T>(Task<T[]> asked)
    {
        try
        {
            return await asked.WaitAsync(s_patience, time);
        }
        catch (Exception)
        {
            return []; // What silos do is beside who they are; the page says of whom it has no figures.
        }
    }

    private static SiloState State(MembershipEntry member, SimpleGrainStatistic[] activations, SiloLoad? load) => new(
        member.SiloAddress.Endpoint.ToString(),
        member.SiloAddress.Generation,
        member.Status switch
        {
            SiloStatus.Active => "active",
            SiloStatus.Created or SiloStatus.Joining => "joining",
            SiloStatus.ShuttingDown or SiloStatus.Stopping => "leaving",
            _ => "dead",
        },
        member.StartTime,
        [
            .. from grain in activations
               where grain.SiloAddress.Equals(member.SiloAddress)
               group grain.ActivationCount by grain.GrainType into type
               orderby type.Key
               select new ActivationCount(type.Key, type.Sum()),
        ],
        load is null ? null : new SiloFigures(
            Math.Round(load.Calls, 1), Math.Round(load.CpuPercent, 1), load.MemoryBytes, load.HeapBytes,
            Math.Round(load.GcPausePercent, 2)));
}
