using System.Collections.Immutable;

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
    public GrainKeyFields Target;
    public GrainKeyFields Source;
    public ImmutableDictionary<string, object>? Context;
    public string? TraceParent;
}

/// <summary>A grain's identity while its fields are being read.</summary>
internal struct GrainKeyFields
{
    public string? Type;
    public string? Text;
    public (ulong High, ulong Low)? Number;

    /// <summary>The identity, or null when a part is missing or no grain of that type is known here.</summary>
    public readonly GrainId? ToGrainId()
    {
        if (Type is null || GrainType.Find(Type) is not { } type) return null;
        if (!string.IsNullOrEmpty(Text)) return GrainId.Create(type, Text);
        return Number is { } n ? GrainId.FromHalves(type, n.High, n.Low) : null;
    }
}
