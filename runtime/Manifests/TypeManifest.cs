namespace Mall.Runtime;

/// <summary>
/// What an assembly holds for the runtime. The generator writes one into every assembly with grains, grain interfaces or
/// messages.
/// </summary>
public abstract class TypeManifest
{
    /// <summary>Adds the assembly's grain classes, grain interfaces and serializers.</summary>
    public abstract void Describe(TypeManifestBuilder builder);
}
