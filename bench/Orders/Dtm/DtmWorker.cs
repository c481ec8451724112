using System.Data.Common;

namespace Mall.Bench.Orders.Dtm;

/// <summary>
/// One worker of the baseline, on a connection of its own: an order as DTM's saga does it with SQL. The global transaction with
/// its branches is recorded; then each branch is a transaction of its own, the barrier row first, then the business change; then
/// the outcome is recorded. Each is durable before the next begins. Not thread safe.
/// <para>
/// Better than DTM: it runs in the caller's process where DTM is a server that calls services, each over HTTP; the branches'
/// statuses are written with the outcome instead of a commit (or a flush) for each; prices are known and not read; with
/// <see cref="RoundTrips.Batched"/>, statements between which nothing is decided go to the server together, too. Nothing but
/// success is provided for.
/// </para>
/// </summary>
abstract class DtmWorker : IDisposable
{
    /// <summary>What the products of the baseline cost, as those of the mall do.</summary>
    public const long Price = 100;

    /// <summary>Whether a worker holds a thread while it waits for the server, because its driver does.</summary>
    public abstract bool Blocks { get; }

    /// <summary>Places one order; durable when it completes.</summary>
    /// <param name="gid">Never used before.</param>
    /// <param name="userId">Whose order it is.</param>
    /// <param name="products">One piece of each.</param>
    /// <exception cref="DbException">The server has failed a statement, and the order is left as it was then.</exception>
    public async ValueTask PlaceAsync(string gid, long userId, IReadOnlyList<long> products)
    {
        try
        {
            await SubmitAsync(gid, products);
            await CreateOrderAsync(gid, userId, products);
            for (var i = 0; i < products.Count; i++)
                await TakeStockAsync(gid, BranchOf(i), products[i]);
            await SucceedAsync(gid);
        }
        catch (DbException)
        {
            await RollbackAsync();
            throw;
        }
    }

    public abstract void Dispose();

    /// <summary>Records the global transaction, and of each branch its action and its compensation.</summary>
    protected abstract ValueTask SubmitAsync(string gid, IReadOnlyList<long> products);

    /// <summary>Branch 01.</summary>
    protected abstract ValueTask CreateOrderAsync(string gid, long userId, IReadOnlyList<long> products);

    /// <summary>Branch 02, 03, ...</summary>
    protected abstract ValueTask TakeStockAsync(string gid, string branch, long product);

    /// <summary>Records the outcome.</summary>
    protected abstract ValueTask SucceedAsync(string gid);

    /// <summary>Ends a transaction that has failed, if there is one.</summary>
    protected abstract ValueTask RollbackAsync();

    /// <summary>What a client of DTM sends as a branch's payload.</summary>
    protected static string PayloadOf(long product) =>
        FormattableString.Invariant($$"""{"productId":{{product}},"quantity":1}""");

    /// <summary>Whom a branch calls: the order (0) or a product.</summary>
    protected static string TargetOf(int place) => place == 0 ? "order" : "product";

    /// <summary>The branch of an order's item by its place, from 0.</summary>
    protected static string BranchOf(int item) => FormattableString.Invariant($"{item + 2:00}");

    protected static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
}
