using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>Which silos are alive, as one silo believes. It may be wrong: nothing durable relies on it.</summary>
/// <param name="Version">Grows with every change; views of the same version are equal in all silos.</param>
/// <param name="Silos">Those that host grains.</param>
public sealed record MembershipView(long Version, ImmutableArray<SiloAddress> Silos)
{
    /// <summary>Those that host no grains any more, but may still be busy with what they were asked before they left.</summary>
    public ImmutableArray<SiloAddress> Leaving { get; init; } = [];
}
