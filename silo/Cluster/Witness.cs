using System.Collections.Immutable;
using Mall.Hosting;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Mall.Silo.Cluster;

/// <summary>What a silo says of itself to another.</summary>
/// <param name="Commits">It has committed lately.</param>
/// <param name="Reached">The other silos that have answered it lately.</param>
[GenerateSerializer, Immutable, Alias("mall.Testimony")]
internal sealed record Testimony(bool Commits, ImmutableArray<SiloAddress> Reached);

/// <summary>
/// Speaks for the silo that it is placed on, by a placement hint; its key means nothing. It stands in no directory, so that it is
/// found whatever else is cut off.
/// </summary>
[Alias("mall.IWitnessGrain")]
internal interface IWitnessGrain : IGrainWithGuidKey
{
    [Alias("Testify"), ResponseTimeout("00:00:03")]
    Task<Testimony> Testify();
}

/// <inheritdoc cref="IWitnessGrain"/>
[RandomPlacement, GrainDirectory(KeyPlacement.Directory)]
internal sealed class WitnessGrain(PeerWatch peers) : Grain, IWitnessGrain
{
    public Task<Testimony> Testify()
    {
        DeactivateOnIdle();
        return Task.FromResult(peers.OwnTestimony());
    }
}
