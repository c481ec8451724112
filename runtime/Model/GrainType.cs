using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Mall.Runtime;

/// <summary>
/// Name of a grain class on the wire and in statistics: by convention the class's name in lower case without "Grain", so that
/// <c>OrderGrain</c> and <c>IOrderGrain</c> both stand for <c>order</c>. Names are interned: equal types are the same object.
/// </summary>
public sealed class GrainType : IEquatable<GrainType>
{
    private static readonly ConcurrentDictionary<string, GrainType> Interned = new(StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<string, GrainType>.AlternateLookup<ReadOnlySpan<char>> InternedBySpan =
        Interned.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Characters of a name that comes from elsewhere.</summary>
    internal const int LongestWireName = 256;

    private GrainType(string name)
    {
        Name = name;
        StableHash = (int)KeyHash.Of(MemoryMarshal.AsBytes(name.AsSpan()), 0);
    }

    /// <summary>The same in every process.</summary>
    internal int StableHash { get; }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The type of this name.</summary>
    public static GrainType Create(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Interned.GetOrAdd(name, static n => new GrainType(n));
    }

    /// <summary>
    /// The type of this name, if the process knows one. For names from elsewhere, so that nobody fills the table with inventions.
    /// </summary>
    internal static GrainType? Find(ReadOnlySpan<char> name) => InternedBySpan.TryGetValue(name, out var type) ? type : null;

    /// <summary>The type that a class or interface of this name stands for.</summary>
    /// <param name="typeName">Name without namespace.</param>
    /// <param name="isInterface">Whether a leading I is not part of the name.</param>
    public static GrainType ByConvention(string typeName, bool isInterface)
    {
        ArgumentException.ThrowIfNullOrEmpty(typeName);
        var hasPrefix = isInterface && typeName.Length > 1 && typeName[0] == 'I' && char.IsUpper(typeName[1]);
        var name = hasPrefix ? typeName[1..] : typeName;
        if (name.EndsWith("Grain", StringComparison.Ordinal) && name.Length > "Grain".Length) name = name[..^"Grain".Length];
        return Create(name.ToLowerInvariant());
    }

    /// <inheritdoc/>
    public bool Equals(GrainType? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    /// <inheritdoc/>
    public override int GetHashCode() => StableHash;

    /// <inheritdoc/>
    public override string ToString() => Name;
}
