using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// Tells what the cluster looks like, for a dashboard. The grain with the integer key 0; any number of them may answer at once.
/// </summary>
public interface IClusterGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Asks every silo for its figures. A silo that does not answer within two seconds is told of without them.
    /// </summary>
    Task<ClusterReport> Report();
}

/// <summary>The cluster at one moment, as one silo sees it.</summary>
/// <param name="ViewVersion">Of that silo's view.</param>
/// <param name="Silos">By address; those that are active or leave, and those that have died lately.</param>
[GenerateSerializer, Immutable]
public sealed record ClusterReport(long ViewVersion, ImmutableArray<SiloReport> Silos);

/// <summary>A silo: what the membership table says of it, and what it says itself.</summary>
/// <param name="Address">Which one.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="LeaseUntil">When its lease runs out unless it is renewed; null where there are no leases.</param>
/// <param name="Figures">Null when it has not answered.</param>
[GenerateSerializer, Immutable]
public sealed record SiloReport(SiloAddress Address, SiloStatus Status, DateTimeOffset? LeaseUntil, SiloFigures? Figures);

/// <summary>What a silo says of itself.</summary>
/// <param name="Name">For people.</param>
/// <param name="Uptime">Since its start.</param>
/// <param name="Calls">That have started there, ever.</param>
/// <param name="Waiting">Requests in mailboxes.</param>
/// <param name="Activations">By grain type.</param>
/// <param name="Hottest">The hottest grain first.</param>
[GenerateSerializer, Immutable]
public sealed record SiloFigures(
    string Name, TimeSpan Uptime, long Calls, long Waiting, ImmutableArray<GrainTypeCount> Activations,
    ImmutableArray<GrainHeat> Hottest);

/// <summary>How many grains of one type are in memory.</summary>
/// <param name="Type">The grain type.</param>
/// <param name="Count">Activations.</param>
[GenerateSerializer, Immutable]
public sealed record GrainTypeCount(string Type, long Count);

/// <summary>A grain that is called often.</summary>
/// <param name="Grain">Type and key.</param>
/// <param name="CallsPerSecond">As of the last sweep.</param>
/// <param name="Waiting">Requests in its mailbox then.</param>
[GenerateSerializer, Immutable]
public sealed record GrainHeat(string Grain, double CallsPerSecond, int Waiting);
