namespace Mall.Runtime;

/// <summary>Asks all silos of the view. Any number of it may answer at once.</summary>
[StatelessWorker]
internal sealed class ManagementGrain(SiloRuntime runtime) : Grain, IManagementGrain
{
    public Task<MembershipEntry[]> GetDetailedHosts(bool onlyActive)
    {
        var self = runtime.Self;
        return Task.FromResult(runtime.View.Silos
            .Select(s => new MembershipEntry(s, s.Equals(self) ? runtime.Options.SiloName : s.Endpoint, SiloStatus.Active))
            .ToArray());
    }

    public async Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics()
    {
        var report = await GrainFactory.GetGrain<IClusterGrain>(0).Report();
        var statistics =
            from silo in report.Silos
            where silo.Figures != null
            from count in silo.Figures!.Activations
            orderby count.Type, silo.Address.Endpoint
            select new SimpleGrainStatistic(count.Type, silo.Address, (int)count.Count);
        return [.. statistics];
    }

    public async Task<int> GetTotalActivationCount() => (await GetSimpleGrainStatistics()).Sum(s => s.ActivationCount);

    public Task ForceActivationCollection(TimeSpan ageLimit) =>
        Task.WhenAll(runtime.View.Silos.Select(s => GrainFactory.GetGrain<ISiloGrain>(s.ToString()).Collect(ageLimit)));
}
