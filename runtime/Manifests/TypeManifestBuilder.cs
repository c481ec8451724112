namespace Mall.Runtime;

/// <summary>Collects what the manifests of all assemblies describe.</summary>
public sealed class TypeManifestBuilder
{
    internal Dictionary<Type, GrainInterfaceEntry> Interfaces { get; } = [];

    internal Dictionary<Type, Type[]> GrainClasses { get; } = [];

    internal Dictionary<ulong, GrainMethod> Methods { get; } = [];

    internal Dictionary<string, WireSerializer> Serializers { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, Func<string, Exception?, Exception>> Exceptions { get; } = new(StringComparer.Ordinal);

    /// <summary>The serializers of messages that have been added, by type. For tools and tests.</summary>
    public IReadOnlyDictionary<Type, WireSerializer> SerializersByType => Serializers.Values.ToDictionary(s => s.Type);

    /// <summary>A grain interface.</summary>
    /// <param name="createReference">Makes a reference to a grain of it.</param>
    /// <param name="methods">Those that it declares itself.</param>
    public void AddInterface<TGrainInterface>(
        Func<SiloRuntime, GrainId, TGrainInterface> createReference, params GrainMethod[] methods)
        where TGrainInterface : IAddressable
    {
        ArgumentNullException.ThrowIfNull(methods);
        Interfaces[typeof(TGrainInterface)] = new GrainInterfaceEntry<TGrainInterface>(createReference);
        foreach (var method in methods)
        {
            if (Methods.TryGetValue(method.Id, out var other) && !ReferenceEquals(other, method))
                throw new InvalidOperationException(
                    $"{method} and {other} have the same id on the wire: give one of them an [Alias].");
            Methods[method.Id] = method;
        }
    }

    /// <summary>A grain class and the grain interfaces that it implements.</summary>
    public void AddGrain(Type grainClass, params Type[] interfaces) => GrainClasses[grainClass] = interfaces;

    /// <summary>The serializer of a message type, under the type's full name or alias.</summary>
    public void AddSerializer(WireSerializer serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        if (Serializers.TryGetValue(serializer.TypeName, out var other) && other.GetType() != serializer.GetType())
            throw new InvalidOperationException(
                $"{serializer.Type} and {other.Type} have the same name {serializer.TypeName} on the wire.");
        Serializers[serializer.TypeName] = serializer;
    }

    /// <summary>An exception type that may be constructed when another silo has thrown it.</summary>
    public void AddException(string typeName, Func<string, Exception?, Exception> create) => Exceptions[typeName] = create;
}
