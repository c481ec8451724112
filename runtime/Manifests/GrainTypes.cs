namespace Mall.Runtime;

/// <summary>
/// Which grain class an interface stands for. A process that hosts grains knows from its classes; one that only calls goes by
/// names:
/// <c>IOrderGrain</c> stands for the type <c>order</c>, which a class <c>OrderGrain</c> has.
/// </summary>
internal sealed class GrainTypes
{
    private readonly Dictionary<Type, List<Type>> _implementations = [];

    public GrainTypes(TypeManifestBuilder manifest)
    {
        foreach (var (grainClass, interfaces) in manifest.GrainClasses)
        {
            foreach (var grainInterface in interfaces)
            {
                if (!_implementations.TryGetValue(grainInterface, out var classes))
                    _implementations[grainInterface] = classes = [];
                classes.Add(grainClass);
            }
        }
    }

    /// <summary>The type of a grain class.</summary>
    public static GrainType Of(Type grainClass) => GrainType.ByConvention(grainClass.Name, isInterface: false);

    /// <summary>The grain type behind an interface.</summary>
    /// <exception cref="ArgumentException">
    /// Several classes implement it, and neither prefix nor name tells which is meant.
    /// </exception>
    public GrainType Resolve(Type grainInterface, string? classNamePrefix)
    {
        var byName = GrainType.ByConvention(grainInterface.Name, isInterface: true);
        if (!_implementations.TryGetValue(grainInterface, out var classes))
        {
            return classNamePrefix is null
                ? byName
                : throw new ArgumentException($"No class of {grainInterface} is known here: a prefix cannot choose.");
        }

        if (classNamePrefix is not null)
            classes = [.. classes.Where(c => c.FullName!.StartsWith(classNamePrefix, StringComparison.Ordinal))];
        if (classes.Count == 1) return Of(classes[0]);
        if (classes.Find(c => ReferenceEquals(Of(c), byName)) is { } namesake) return Of(namesake);
        var found = classes.Count == 0 ? "none" : string.Join(", ", classes.Select(c => c.FullName));
        throw new ArgumentException(
            $"Which class is meant by {grainInterface}, prefix '{classNamePrefix}'? Implementations: {found}.");
    }
}
