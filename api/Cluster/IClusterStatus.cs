namespace Mall.Api.Cluster;

/// <summary>What the host knows of the cluster that this front door belongs to.</summary>
public interface IClusterStatus
{
    /// <summary>Takes a look. A silo that does not answer in a moment is told of without its figures.</summary>
    Task<ClusterStatus> TakeAsync();
}

/// <summary>The silos and what they do.</summary>
/// <param name="Silos">By address. Those that have died lately are among them.</param>
/// <param name="Hottest">The grains with the most calls, of all silos.</param>
public sealed record ClusterStatus(IReadOnlyList<SiloState> Silos, IReadOnlyList<GrainLoad> Hottest);

/// <summary>A silo.</summary>
/// <param name="Address">Where it listens, <c>host:port</c>.</param>
/// <param name="Generation">Which of the processes that have listened there it is; a later one has a greater number.</param>
/// <param name="Status">joining, active, leaving or dead.</param>
/// <param name="StartedAt">UTC.</param>
/// <param name="Activations">Grains in memory, by type; empty when it has not answered.</param>
/// <param name="Figures">Absent when it has not answered.</param>
public sealed record SiloState(
    string Address, long Generation, string Status, DateTime StartedAt, IReadOnlyList<ActivationCount> Activations,
    SiloFigures? Figures = null);

/// <summary>What a silo's process does.</summary>
/// <param name="Calls">Grain calls a second, lately; an estimate.</param>
/// <param name="CpuPercent">Of all processors of its machine, since somebody looked last.</param>
/// <param name="MemoryBytes">Of the process.</param>
/// <param name="HeapBytes">Managed, of these.</param>
/// <param name="GcPausePercent">The share of its time that it has stood still to collect garbage.</param>
public sealed record SiloFigures(double Calls, double CpuPercent, long MemoryBytes, long HeapBytes, double GcPausePercent);

/// <param name="Type">The grain type.</param>
/// <param name="Count">How many are in memory.</param>
public sealed record ActivationCount(string Type, long Count);

/// <param name="Grain">Type and key.</param>
/// <param name="Calls">A second, lately; an estimate.</param>
public sealed record GrainLoad(string Grain, double Calls);
