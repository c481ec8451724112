namespace Mall.Runtime;

/// <summary>
/// Makes references. What depends on the interface alone is looked up once and kept in an array by the interface's number.
/// </summary>
internal sealed class GrainReferences(SiloRuntime runtime, TypeManifestBuilder manifest) : IClusterClient
{
    private readonly GrainTypes _types = new(manifest);
    private readonly Lock _growing = new();
    private Known?[] _known = new Known?[16];

    public IServiceProvider ServiceProvider => runtime.Services;

    public T GetGrain<T>(string primaryKey, string? grainClassNamePrefix = null) where T : IGrainWithStringKey
    {
        var known = Know<T>();
        return known.Create(runtime, GrainId.Create(known.TypeFor(grainClassNamePrefix), primaryKey));
    }

    public T GetGrain<T>(long primaryKey, string? grainClassNamePrefix = null) where T : IGrainWithIntegerKey
    {
        var known = Know<T>();
        return known.Create(runtime, GrainId.Create(known.TypeFor(grainClassNamePrefix), primaryKey));
    }

    public T GetGrain<T>(Guid primaryKey, string? grainClassNamePrefix = null) where T : IGrainWithGuidKey
    {
        var known = Know<T>();
        return known.Create(runtime, GrainId.Create(known.TypeFor(grainClassNamePrefix), primaryKey));
    }

    /// <summary>A reference to a grain whose type is known already.</summary>
    public T Create<T>(in GrainId grainId) => Know<T>().Create(runtime, grainId);

    private Known<T> Know<T>()
    {
        var known = Volatile.Read(ref _known);
        var number = InterfaceNumber<T>.Value;
        return number < known.Length && known[number] is Known<T> found ? found : Learn<T>(number);
    }

    private Known<T> Learn<T>(int number)
    {
        if (!manifest.Interfaces.TryGetValue(typeof(T), out var entry))
            throw new ArgumentException(
                $"{typeof(T)} is no grain interface that the generator has seen: is its project built with the generator?");
        var learnt = new Known<T>(_types, ((GrainInterfaceEntry<T>)entry).CreateReference);
        lock (_growing)
        {
            if (number >= _known.Length) Array.Resize(ref _known, number * 2);
            Volatile.Write(ref _known[number], learnt);
        }

        return learnt;
    }

    /// <summary>Numbers interfaces in the order of their first use.</summary>
    private static class InterfaceNumber
    {
        public static int Last = -1;
    }

    private static class InterfaceNumber<T>
    {
        public static readonly int Value = Interlocked.Increment(ref InterfaceNumber.Last);
    }

    private abstract class Known;

    private sealed class Known<T>(GrainTypes types, Func<SiloRuntime, GrainId, T> create) : Known
    {
        private GrainType? _default;

        public Func<SiloRuntime, GrainId, T> Create { get; } = create;

        public GrainType TypeFor(string? prefix) =>
            prefix is null ? _default ??= types.Resolve(typeof(T), null) : types.Resolve(typeof(T), prefix);
    }
}
