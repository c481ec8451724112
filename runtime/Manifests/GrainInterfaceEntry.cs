namespace Mall.Runtime;

/// <summary>A grain interface as its manifest describes it.</summary>
internal abstract class GrainInterfaceEntry(Type type)
{
    public Type Type { get; } = type;
}

/// <summary>A grain interface, and how to make a reference to a grain of it.</summary>
internal sealed class GrainInterfaceEntry<TGrainInterface>(Func<SiloRuntime, GrainId, TGrainInterface> createReference)
    : GrainInterfaceEntry(typeof(TGrainInterface))
{
    public Func<SiloRuntime, GrainId, TGrainInterface> CreateReference { get; } = createReference;
}
