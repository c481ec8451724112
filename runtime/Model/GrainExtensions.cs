namespace Mall.Runtime;

/// <summary>Reads a grain's identity from its instance or from a reference to it.</summary>
public static class GrainExtensions
{
    /// <summary>The identity of this grain.</summary>
    /// <exception cref="ArgumentException">It is neither a grain nor a reference to one.</exception>
    public static GrainId GetGrainId(this IAddressable grain) => grain switch
    {
        GrainReference reference => reference.GrainId,
        IGrainBase instance => instance.GrainContext.GrainId,
        null => throw new ArgumentNullException(nameof(grain)),
        _ => throw new ArgumentException($"{grain.GetType()} is neither a grain nor a reference to one.", nameof(grain)),
    };

    /// <summary>The string key of this grain.</summary>
    public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().StringKey;

    /// <summary>The integer key of this grain.</summary>
    public static long GetPrimaryKeyLong(this IAddressable grain) => grain.GetGrainId().IntegerKey;

    /// <summary>The GUID key of this grain.</summary>
    public static Guid GetPrimaryKey(this IAddressable grain) => grain.GetGrainId().GuidKey;

    /// <summary>A reference to the same grain through another of its interfaces, or from the grain itself to itself.</summary>
    public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) where TGrainInterface : IAddressable =>
        grain switch
    {
        GrainReference reference => reference.Runtime.References.Create<TGrainInterface>(reference.GrainId),
        IGrainBase { GrainContext: Activation activation } =>
            activation.Runtime.References.Create<TGrainInterface>(activation.GrainId),
        null => throw new ArgumentNullException(nameof(grain)),
        _ => throw new ArgumentException($"{grain.GetType()} is neither a grain nor a reference to one.", nameof(grain)),
    };
}
