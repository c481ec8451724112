using System.Runtime.InteropServices;

namespace Mall.Ledger;

/// <summary>
/// What a write set may collide with another on, as 64-bit hashes: its barrier key (without the op, since an action and its
/// compensation must not share a batch) and each of its rows. Equal hashes of different things only delay one of the two. The
/// hash is ours: <c>string.GetHashCode</c> differs from run to run, and a simulated cluster must not.
/// </summary>
internal static class ConflictKeys
{
    /// <summary>Position 0 stands for "no barrier": it collides with nothing.</summary>
    public const long None = 0;

    /// <summary>The barrier's hash or <see cref="None"/>, then one for each change.</summary>
    public static long[] Of(WriteSet writes)
    {
        var keys = new long[writes.Changes.Length + 1];
        if (writes.Barrier is { } barrier)
            keys[0] = Hash(Hash(Hash(1, barrier.Gid), barrier.BranchId), barrier.BarrierId) | 1; // Never None.
        for (var i = 0; i < writes.Changes.Length; i++)
        {
            keys[i + 1] = Of(writes.Changes[i]);
            for (var j = 1; j <= i; j++)
                if (keys[j] == keys[i + 1])
                    throw new ArgumentException($"Two changes touch the same row: {writes.Changes[i].Shape}.", nameof(writes));
        }

        return keys;
    }

    private static long Of(in RowChange change)
    {
        var hash = Hash(2, change.Shape.Table.Name);
        foreach (var position in change.Shape.KeyPositions)
        {
            var value = change.Values[position];
            hash = value.IsNumber ? Mix(hash, value.Number) : Hash(hash, value.Text ?? "");
        }

        return hash;
    }

    private static long Hash(long hash, string text)
    {
        var bytes = MemoryMarshal.AsBytes(text.AsSpan());
        var blocks = MemoryMarshal.Cast<byte, long>(bytes);
        foreach (var block in blocks) hash = Mix(hash, block);
        foreach (var c in text.AsSpan(blocks.Length * 4)) hash = Mix(hash, c);
        return Mix(hash, text.Length);
    }

    // A multiplication and a shift by turns, as in splitmix64: every bit of the input reaches every bit of the result.
    private static long Mix(long hash, long value)
    {
        var z = unchecked((ulong)(hash ^ value) * 0x9E3779B97F4A7C15);
        z = unchecked((z ^ (z >> 32)) * 0xBF58476D1CE4E5B9);
        return (long)(z ^ (z >> 29));
    }
}
