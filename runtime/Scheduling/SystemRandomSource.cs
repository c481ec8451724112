using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mall.Runtime;

/// <summary>Randomness of the operating system.</summary>
public sealed class SystemRandomSource : IRandomSource
{
    /// <inheritdoc/>
    public ulong NextUInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
