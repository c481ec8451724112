using Mall.Bench.Hosting;
using Mall.Bench.Load;
using Mall.Bench.Measuring;
using Mall.Products;
using Mall.Sagas;

namespace Mall.Bench.HotStock;

/// <summary>Decrements of the only product of a database file.</summary>
abstract class StockSite(string file) : ISite
{
    public abstract int Callers { get; }

    public abstract string Durability { get; }

    public async Task CallAsync(Caller caller)
    {
        while (caller.GoesOn)
            caller.Ended(await TakeOneAsync(caller.Index, Gids.New("order", Guid.CreateVersion7())));
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

    public abstract ValueTask DisposeAsync();

    /// <summary>Takes one piece; durable when it completes.</summary>
    /// <param name="caller">The caller's number.</param>
    /// <param name="gid">As the front door makes it: ordered by time, so that new barrier rows are neighbours.</param>
    /// <returns>Null, or why not.</returns>
    protected abstract ValueTask<string?> TakeOneAsync(int caller, string gid);
}

/// <summary>The baseline, a connection a caller.</summary>
sealed class BarrierSite(IReadOnlyList<BarrierBaseline> connections, string file, string fileSystem) : StockSite(file)
{
    public override int Callers => connections.Count;

    public override string Durability => $"baseline {connections[0].Settings}, {fileSystem}";

    public override ValueTask DisposeAsync()
    {
        foreach (var connection in connections)
            connection.Dispose();
        return ValueTask.CompletedTask;
    }

    protected override ValueTask<string?> TakeOneAsync(int caller, string gid) =>
        ValueTask.FromResult(connections[caller].TakeOne(gid) ? null : $"{ErrorCodes.NotEnoughStock}");
}

/// <summary>Through the product's grain.</summary>
sealed class GrainSite(LocalMall mall, long productId, int callers, string file, string synchronous) : StockSite(file)
{
    readonly IProductGrain _product = mall.Grains.GetGrain<IProductGrain>(productId);

    public override int Callers => callers;

    public override string Durability => $"grain synchronous={synchronous}";

    public override ValueTask DisposeAsync() => mall.DisposeAsync();

    protected override async ValueTask<string?> TakeOneAsync(int caller, string gid)
    {
        var left = await _product.DecrStock(new Branch(gid, "02"), 1);
        return left.IsRefused ? $"{left.Refusal.Code}" : null;
    }
}
