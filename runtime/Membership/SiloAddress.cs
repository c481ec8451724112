using System.Globalization;
using System.Runtime.InteropServices;

namespace Mall.Runtime;

/// <summary>A silo: where it listens, and which of the processes that have listened there it is.</summary>
/// <param name="Endpoint"><c>host:port</c>, or a name where there is no network.</param>
/// <param name="Generation">Greater for a later process at the same endpoint.</param>
[GenerateSerializer, Immutable]
public sealed record SiloAddress(string Endpoint, long Generation)
{
    internal ulong StableHash { get; } = KeyHash.Of(MemoryMarshal.AsBytes(Endpoint.AsSpan()), (ulong)Generation);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Endpoint}@{Generation}");
}
