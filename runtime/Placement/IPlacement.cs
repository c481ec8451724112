namespace Mall.Runtime;

/// <summary>
/// Says which silo owns a grain. A pure function of key and view: silos with the same view agree without talking.
/// </summary>
public interface IPlacement
{
    /// <summary>The owner, or null when the view has no silo.</summary>
    SiloAddress? OwnerOf(in GrainId grainId, MembershipView view);
}
