namespace Mall.Runtime;

/// <summary>Names the assembly's <see cref="TypeManifest"/>, so that it is found without a scan of its types.</summary>
/// <param name="manifestType">A class with a public constructor without parameters.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class TypeManifestAttribute(Type manifestType) : Attribute
{
    /// <summary>The manifest's class.</summary>
    public Type ManifestType { get; } = manifestType;
}
