namespace Mall.Ledger;

/// <summary>What a write set may collide with another on, as 64-bit hashes: its barrier key (without the op, since an action and
/// its compensation must not share a batch) and each of its rows. Equal hashes of different things only delay one of the two.
/// <c>string.GetHashCode</c> would differ from run to run, and a simulated cluster must not.</summary>
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
            if (keys.AsSpan(1, i).Contains(keys[i + 1]))
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
            hash = value.IsNumber ? Hash(hash, value.Number) : Hash(hash, value.Text ?? "");
        }

        return hash;
    }

    private static long Hash(long seed, string text) => (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(text.AsSpan()), seed);

    private static long Hash(long seed, long number) =>
        (long)XxHash3.HashToUInt64(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(ref number)), seed);
}
