using System.Buffers.Binary;

namespace Mall.Runtime;

/// <summary>
/// A fast seeded hash of 64 bits that is the same on every machine, built from the multiply-and-fold step of Wang Yi's wyhash
/// (public domain). Not for signatures.
/// </summary>
internal static class KeyHash
{
    private const ulong P0 = 0xa0761d6478bd642f;
    private const ulong P1 = 0xe7037ed1a0b428db;
    private const ulong P2 = 0x8ebc6af09c88c6e3;

    public static ulong Of(ulong high, ulong low, ulong seed) => Fold(Fold(low ^ P1, high ^ seed ^ P0), P2 ^ seed);

    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed)
    {
        var hash = Fold(seed ^ P0, (ulong)bytes.Length ^ P1);
        while (bytes.Length >= sizeof(ulong))
        {
            hash = Fold(hash ^ P1, BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ P2);
            bytes = bytes[sizeof(ulong)..];
        }

        ulong tail = 0;
        foreach (var b in bytes) tail = (tail << 8) | b;
        return Fold(hash ^ P2, tail ^ P0);
    }

    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
