using Mall.Bench.Clusters;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;

namespace Mall.Bench.Orders;

/// <summary>One of those that take turns on a database server, and what its turns have found.</summary>
/// <param name="phase">Its callers.</param>
/// <param name="server">The server, whose processor time is looked at, too.</param>
/// <param name="cluster">The processes that serve the callers; null when there are none but the server.</param>
sealed class Contestant(Phase phase, BenchServer server, MallCluster? cluster)
{
    readonly List<Turn> _turns = [];

    public string Name => phase.Name;

    /// <summary>Null for the baseline.</summary>
    public MallCluster? Cluster => cluster;

    /// <summary>Runs for a while without counting.</summary>
    public Task WarmUpAsync(TimeSpan duration, ProgressDisplay display, CancellationToken cancellationToken) =>
        (phase with { Name = $"{Name} (warm-up)" }).RunAsync(TimeSpan.Zero, duration, display, cancellationToken);

    /// <summary>Takes one turn.</summary>
    public async Task TakeTurnAsync(TimeSpan duration, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var (silos, door, database) = await ProcessorTimesAsync();
        var result = await phase.RunAsync(TimeSpan.Zero, duration, display, cancellationToken);
        var after = await ProcessorTimesAsync();
        _turns.Add(new Turn(result, after.Silos - silos, after.Door - door, after.Database - database));
    }

    /// <summary>All turns as one; orders a second are the median of the turns.</summary>
    public Measurement ToMeasurement() => TurnFigures.From(Name, _turns, withMall: cluster is not null);

    async Task<(TimeSpan Silos, TimeSpan Door, TimeSpan Database)> ProcessorTimesAsync()
    {
        var (silos, door) = cluster is null ? default : await cluster.ProcessorTimeAsync();
        return (silos, door, await server.ProcessorTimeAsync());
    }
}

/// <summary>What one turn found, and what was spent meanwhile.</summary>
sealed record Turn(PhaseResult Result, TimeSpan Silos, TimeSpan Door, TimeSpan Database);
