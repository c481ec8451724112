namespace Mall.Runtime;

/// <summary>
/// Answers for the silo that it lives in, and knows of the others what the membership view says. Any number of them may answer at
/// once.
/// </summary>
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

    public Task<SimpleGrainStatistic[]> GetSimpleGrainStatistics() =>
        Task.FromResult(runtime.Classes
            .Where(c => c.Timing.Alive != 0)
            .OrderBy(c => c.Type.Name, StringComparer.Ordinal)
            .Select(c => new SimpleGrainStatistic(c.Type.Name, runtime.Self, (int)c.Timing.Alive))
            .ToArray());

    public Task<int> GetTotalActivationCount() => Task.FromResult((int)runtime.Classes.Sum(c => c.Timing.Alive));

    public Task ForceActivationCollection(TimeSpan ageLimit)
    {
        runtime.Sweeper.Collect(ageLimit);
        return Task.CompletedTask;
    }
}
