namespace Mall.Runtime;

internal sealed class SiloGrain(SiloRuntime runtime) : Grain, ISiloGrain
{
    /// <summary>Placement knows it.</summary>
    public static readonly GrainType Type = GrainTypes.Of(typeof(SiloGrain));

    public Task<SiloFigures> Figures()
    {
        var now = runtime.Statistics.Take();
        return Task.FromResult(new SiloFigures(
            now.SiloName, now.Uptime, now.Calls, now.Waiting,
            [.. now.GrainTypes.Where(t => t.Activations != 0).Select(t => new GrainTypeCount(t.GrainType, t.Activations))],
            [.. now.HottestGrains.Select(g => new GrainHeat(g.GrainId.ToString(), g.CallsPerSecond, g.Waiting))]));
    }

    public Task Collect(TimeSpan ageLimit)
    {
        runtime.Sweeper.Collect(ageLimit);
        return Task.CompletedTask;
    }
}
