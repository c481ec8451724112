using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Mall.Runtime;

/// <summary>
/// Identity of a grain: its type and its key. The kind of a key is not stored, since all keys of a type are of one kind: a string
/// key is text, an integer key is the low half of 128 bits, a GUID key is all of them.
/// </summary>
public readonly struct GrainId : IEquatable<GrainId>
{
    private readonly string? _text;
    private readonly ulong _high;
    private readonly ulong _low;

    private GrainId(GrainType type, string? text, ulong high, ulong low) => (Type, _text, _high, _low) = (type, text, high, low);

    /// <summary>Which kind of grain.</summary>
    public GrainType Type { get; }

    /// <summary>Whether the key is a string.</summary>
    [MemberNotNullWhen(true, nameof(_text))]
    public bool HasStringKey => _text is not null;

    /// <summary>The string key.</summary>
    /// <exception cref="InvalidOperationException">The key is a number.</exception>
    public string StringKey => _text ?? throw new InvalidOperationException($"{this} has no string key.");

    /// <summary>The integer key.</summary>
    /// <exception cref="InvalidOperationException">The key is a string or a GUID.</exception>
    public long IntegerKey =>
        _text is null && _high == 0 ? (long)_low : throw new InvalidOperationException($"{this} has no integer key.");

    /// <summary>The GUID key.</summary>
    /// <exception cref="InvalidOperationException">The key is a string.</exception>
    public Guid GuidKey
    {
        get
        {
            if (_text is not null) throw new InvalidOperationException($"{this} has no GUID key.");
            ReadOnlySpan<ulong> halves = [_high, _low];
            return new Guid(MemoryMarshal.AsBytes(halves));
        }
    }

    internal ulong High => _high;

    internal ulong Low => _low;

    /// <summary>The grain with a string key.</summary>
    public static GrainId Create(GrainType type, string key)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentException.ThrowIfNullOrEmpty(key);
        return new GrainId(type, key, 0, 0);
    }

    /// <summary>The grain with an integer key.</summary>
    public static GrainId Create(GrainType type, long key)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new GrainId(type, null, 0, (ulong)key);
    }

    /// <summary>The grain with a GUID key.</summary>
    public static GrainId Create(GrainType type, Guid key)
    {
        ArgumentNullException.ThrowIfNull(type);
        var halves = MemoryMarshal.Cast<Guid, ulong>(MemoryMarshal.CreateReadOnlySpan(ref key, 1));
        return new GrainId(type, null, halves[0], halves[1]);
    }

    /// <inheritdoc/>
    public bool Equals(GrainId other) =>
        _low == other._low && _high == other._high && ReferenceEquals(Type, other.Type) && string.Equals(_text, other._text);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GrainId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_text, _high, _low, Type);

    /// <summary>The type and the key, for people and logs.</summary>
    public override string ToString()
    {
        var key = _text ?? (_high == 0 ? ((long)_low).ToString(CultureInfo.InvariantCulture) : GuidKey.ToString("D"));
        return $"{Type}/{key}";
    }

    /// <summary>Equal type and key.</summary>
    public static bool operator ==(GrainId left, GrainId right) => left.Equals(right);

    /// <summary>Another type or key.</summary>
    public static bool operator !=(GrainId left, GrainId right) => !left.Equals(right);

    internal static GrainId FromHalves(GrainType type, ulong high, ulong low) => new(type, null, high, low);

    /// <summary>
    /// A hash of the key alone, the same in every process for the same seed. Placement uses seed 0; a silo's tables use a secret
    /// seed, because keys may be chosen by clients, who could otherwise choose ones that collide.
    /// </summary>
    internal ulong HashKey(ulong seed) =>
        _text is null ? KeyHash.Of(_high, _low, seed) : KeyHash.Of(MemoryMarshal.AsBytes(_text.AsSpan()), seed);
}
