namespace Mall.Runtime;

/// <summary>
/// A silo as a grain: its key is the silo's address as text, and it lives in that silo and nowhere else, see
/// <see cref="RendezvousPlacement"/>. How one silo asks another about itself.
/// </summary>
public interface ISiloGrain : IGrainWithStringKey
{
    /// <summary>The silo's figures.</summary>
    Task<SiloFigures> Figures();

    /// <summary>Deactivates what nobody has called for this long.</summary>
    Task Collect(TimeSpan ageLimit);
}
