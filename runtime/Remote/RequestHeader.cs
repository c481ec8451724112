using System.Collections.Immutable;
using System.Text;

namespace Mall.Runtime;

/// <summary>What a request frame says before its arguments.</summary>
internal struct RequestHeader
{
    public long Call;
    public long ViewVersion;
    public ulong Method;
    public long TimeoutMs;
    public bool IsOneWay;
    public long Hops;
    public bool IsDetour;
    public GrainKeyFields Target;
    public GrainKeyFields Source;
    public ImmutableDictionary<string, object>? Context;
    public string? TraceParent;
}

/// <summary>A grain's identity while its fields are being read.</summary>
internal struct GrainKeyFields
{
    /// <summary>Null also when this process knows no type of this name: then that is in <see cref="UnknownType"/>.</summary>
    public GrainType? Type;

    public string? UnknownType;
    public string? Text;
    public (ulong High, ulong Low)? Number;

    /// <summary>Makes a string of the name only when it is unknown.</summary>
    public void ReadType(ref WireReader reader, WireType type)
    {
        Span<char> name = stackalloc char[GrainType.LongestWireName];
        if (!Encoding.UTF8.TryGetChars(reader.ReadBytes(type), name, out var length))
            throw reader.Malformed("a grain type's name is too long");
        Type = GrainType.Find(name[..length]);
        UnknownType = Type is null ? new string(name[..length]) : null;
    }

    /// <summary>The identity, or null when a part is missing or no grain of that type is known here.</summary>
    public readonly GrainId? ToGrainId()
    {
        if (Type is null) return null;
        if (!string.IsNullOrEmpty(Text)) return GrainId.Create(Type, Text);
        return Number is { } n ? GrainId.FromHalves(Type, n.High, n.Low) : null;
    }
}
