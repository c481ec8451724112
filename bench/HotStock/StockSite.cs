using System.Buffers.Binary;

namespace Mall.Bench.HotStock;

/// <summary>Decrements of the only product of a database file.</summary>
/// <param name="file">The database.</param>
/// <param name="takeOneAsync">Takes one piece for a caller under a gid: null when it is durable, else why not.</param>
/// <param name="closeAsync">Lets the file go.</param>
sealed class StockSite(
    string file, int callers, string durability, Func<int, string, ValueTask<string?>> takeOneAsync, Func<ValueTask> closeAsync)
    : ISite
{
    public int Callers => callers;

    public string Durability => durability;

    /// <summary>Gids are as the front door makes them: ordered by time, so that new barrier rows are neighbours.</summary>
    public async Task CallAsync(Caller caller)
    {
        while (caller.GoesOn)
            caller.Ended(await takeOneAsync(caller.Index, Gids.New("order", NewId())));
    }

    // A version 7 without the kernel's randomness, which would be the larger part of what a caller costs.
    static Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes, (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() << 16) | 0x7000);
        return new Guid(bytes, bigEndian: true);
    }

    public Task<IReadOnlyDictionary<string, TimeSpan>> SpentAsync() =>
        Task.FromResult<IReadOnlyDictionary<string, TimeSpan>>(new Dictionary<string, TimeSpan>());

    public Task AuditAsync(long acknowledged, CancellationToken cancellationToken)
    {
        var taken = Stage.Stock - SqliteBooks.Number(file, "select stock from products");
        var known = SqliteBooks.Number(file, "select count(*) from barrier where gid like 'order-%' and reason = 'action'");
        return taken == known && taken >= acknowledged
            ? Task.CompletedTask
            : throw new BenchmarkException($"{acknowledged} acknowledged, {taken} gone, {known} known to the barrier");
    }

    public ValueTask DisposeAsync() => closeAsync();
}
