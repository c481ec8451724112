namespace Mall.Api.Cluster;

/// <summary>
/// What the host knows of the cluster that this front door belongs to. How it knows depends on the runtime, so the host gives it.
/// </summary>
public interface IClusterStatus
{
    /// <summary>Takes a look. A silo that does not answer in a moment is told of without its figures.</summary>
    Task<ClusterStatus> TakeAsync();
}

/// <summary>The silos and what they do.</summary>
/// <param name="ViewVersion">Grows with every change of which silos are active.</param>
/// <param name="Silos">By address. Those that have died lately are among them.</param>
/// <param name="Hottest">The grains with the most calls a second, of all silos.</param>
public sealed record ClusterStatus(long ViewVersion, IReadOnlyList<SiloState> Silos, IReadOnlyList<GrainLoad> Hottest);

/// <summary>A silo.</summary>
/// <param name="Address">Where it listens, <c>host:port</c>.</param>
/// <param name="Generation">Which of the processes that have listened there it is; a later one has a greater number.</param>
/// <param name="Status">joining, active, leaving or dead.</param>
/// <param name="LeaseUntil">
/// When the others will take over unless it says that it lives; absent for a mall of one process.
/// </param>
/// <param name="UptimeSeconds">Since its start; absent, like what follows, when it has not answered.</param>
/// <param name="Calls">Grain calls that have started there, ever.</param>
/// <param name="Waiting">Grain calls that wait there.</param>
/// <param name="Activations">Grains in memory, by type.</param>
public sealed record SiloState(
    string Address, long Generation, string Status, DateTime? LeaseUntil, double? UptimeSeconds, long? Calls, long? Waiting,
    IReadOnlyList<ActivationCount> Activations);

/// <param name="Type">The grain type.</param>
/// <param name="Count">How many are in memory.</param>
public sealed record ActivationCount(string Type, long Count);

/// <param name="Grain">Type and key.</param>
/// <param name="Calls">A second, lately.</param>
/// <param name="Waiting">Calls that waited for it.</param>
/// <param name="Silo">Where it lives.</param>
public sealed record GrainLoad(string Grain, double Calls, int Waiting, string Silo);
