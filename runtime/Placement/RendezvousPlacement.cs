namespace Mall.Runtime;

/// <summary>
/// Rendezvous hashing (Thaler and Ravishankar 1998): the silo with the highest hash of itself and the key. A silo that comes or
/// goes moves only the keys that are its own. The grain's type is left out, so that grains with the same key, such as a saga and
/// its order, live together.
/// </summary>
public sealed class RendezvousPlacement : IPlacement
{
    /// <inheritdoc/>
    public SiloAddress? OwnerOf(in GrainId grainId, MembershipView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        if (ReferenceEquals(grainId.Type, SiloGrain.Type)) return SiloOf(grainId, view);
        if (view.Silos.Length <= 1) return view.Silos.IsEmpty ? null : view.Silos[0];
        var key = grainId.HashKey(seed: 0);
        SiloAddress? owner = null;
        ulong highest = 0;
        foreach (var silo in view.Silos)
        {
            var weight = KeyHash.Of(silo.StableHash, key, seed: 0);
            if (owner is not null && weight <= highest) continue;
            owner = silo;
            highest = weight;
        }

        return owner;
    }

    /// <summary>The grain that stands for a silo is at home there; when the silo has gone, nowhere.</summary>
    private static SiloAddress? SiloOf(in GrainId grainId, MembershipView view)
    {
        foreach (var silo in view.Silos)
        {
            if (silo.ToString() == grainId.StringKey) return silo;
        }

        return null;
    }
}
