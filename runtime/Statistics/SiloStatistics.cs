using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>Figures of one silo.</summary>
/// <param name="Silo">Its address.</param>
/// <param name="SiloName">Its name for people.</param>
/// <param name="Uptime">Since its start.</param>
/// <param name="Activations">In memory now, of all types.</param>
/// <param name="Calls">Ever started, of all types.</param>
/// <param name="Waiting">Requests in mailboxes now.</param>
/// <param name="GrainTypes">By type, the one with the most calls first.</param>
/// <param name="HottestGrains">The hottest first, as of the last sweep.</param>
public sealed record SiloStatistics(
    SiloAddress Silo, string SiloName, TimeSpan Uptime, long Activations, long Calls, long Waiting,
    ImmutableArray<GrainTypeStatistics> GrainTypes, ImmutableArray<HotGrain> HottestGrains);
