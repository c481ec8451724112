using System.Data.Common;
using Mall.Bench.Clusters;
using Mall.Bench.Load;
using Mall.Bench.Measuring;
using Mall.Ledger.Stores;
using Mall.Sagas;
using Mall.TestServers;

namespace Mall.Bench.Orders.Dtm;

/// <summary>The baseline: a database of its own on the server, and workers on it, one for each caller.</summary>
sealed class DtmBaseline : IDisposable
{
    readonly string _run = Guid.NewGuid().ToString("N");
    readonly BenchServer _server;
    readonly string _database;
    readonly List<DtmWorker> _workers;
    readonly IReadOnlyList<Basket> _baskets;
    long _placed;

    DtmBaseline(BenchServer server, string database, RoundTrips trips, List<DtmWorker> workers, IReadOnlyList<Basket> baskets) =>
        (_server, _database, Name, _workers, _baskets) = (server, database, NameOf(trips), workers, baskets);

    /// <summary>How reports call it.</summary>
    public string Name { get; }

    public int Workers => _workers.Count;

    /// <summary>Makes tables, products and connections.</summary>
    /// <param name="server">Where.</param>
    /// <param name="trips">How statements are sent.</param>
    /// <param name="workers">How many.</param>
    /// <param name="products">How many are on sale, with ids from 1.</param>
    /// <param name="items">How many of them an order has.</param>
    public static async Task<DtmBaseline> OpenAsync(
        BenchServer server, RoundTrips trips, int workers, int products, int items, CancellationToken cancellationToken)
    {
        var database = trips == RoundTrips.Batched ? "dtm_batched" : "dtm";
        var address = StoreAddress.Parse(await server.CreateDatabaseAsync(database, cancellationToken));
        var ids = Enumerable.Range(1, products).Select(id => (long)id).ToList();
        var onSale = ids.Select(id => FormattableString.Invariant($"({id}, 'Load {id}', {DtmWorker.Price}, {Stage.Stock})"));
        var isPostgres = server.Kind == DatabaseKind.Postgres;
        await server.ExecuteAsync(
            database,
            $"""
            {(isPostgres ? PostgresDtmWorker.Schema : MariaDbDtmWorker.Schema)}
            insert into products (id, name, price, stock) values {string.Join(", ", onSale)};
            """,
            cancellationToken);
        var connection =
            $"{(isPostgres ? "Host" : "Server")}={address.Host};Port={address.Port};Database={address.Database};"
            + $"{(isPostgres ? "Username" : "User ID")}={address.User};Password={address.Password};Pooling=false";
        var opened = Enumerable.Range(0, workers)
            .Select(_ => isPostgres
                ? (DtmWorker)new PostgresDtmWorker(connection, items, trips)
                : new MariaDbDtmWorker(connection, trips))
            .ToList();
        return new DtmBaseline(server, database, trips, opened, Basket.Choose(ids, items, seed: 1));
    }

    /// <summary>One caller's loop; on a thread of its own where the worker blocks.</summary>
    public Task PlaceAsync(Caller caller) => _workers[caller.Index] is { Blocks: true } worker
        ? Task.Factory.StartNew(
            () => PlaceAsync(worker, caller), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .Unwrap()
        : PlaceAsync(_workers[caller.Index], caller);

    /// <summary>
    /// Throws unless stock, orders and barrier agree, and at least as many orders have succeeded as were acknowledged.
    /// </summary>
    public async Task ExpectNothingLostAsync(long acknowledged, CancellationToken cancellationToken)
    {
        var sold = await NumberAsync($"select sum({Stage.Stock} - stock) from products");
        var ordered = await NumberAsync("select coalesce(sum(quantity), 0) from order_items");
        var known = await NumberAsync("select count(*) from barrier where branch_id <> '01'");
        var succeeded = await NumberAsync("select count(*) from trans_global where status = 'succeed'");
        var open = await NumberAsync("select count(*) from trans_global where status <> 'succeed'");
        if (sold != known || succeeded < acknowledged || (open == 0 && sold != ordered))
            throw new BenchmarkException(
                $"baseline: {acknowledged} acknowledged, {succeeded} succeeded, {open} open; "
                + $"{ordered} pieces ordered, {sold} gone, {known} known to the barrier");

        Task<long> NumberAsync(string sql) => _server.NumberAsync(_database, sql, cancellationToken);
    }

    /// <summary>How reports call a baseline.</summary>
    public static string NameOf(RoundTrips trips) => trips == RoundTrips.Batched ? "baseline, batched" : "baseline";

    public void Dispose() => _workers.ForEach(w => w.Dispose());

    Basket BasketOf(long order) => _baskets[(int)(order % _baskets.Count)];

    async Task PlaceAsync(DtmWorker worker, Caller caller)
    {
        var user = (caller.Index % Stage.Customers) + 1;
        while (caller.GoesOn)
        {
            var order = Interlocked.Increment(ref _placed);
            try
            {
                // As the front door makes them of its clients' keys, for both: like DTM's own they are in no order, which costs
                // the server's indexes the same.
                await worker.PlaceAsync(Gids.FromKey("order", user, $"load-{_run}-{order}"), user, BasketOf(order).Products);
                caller.Succeeded();
            }
            catch (DbException e)
            {
                caller.Failed(e.SqlState ?? e.Message);
            }
        }
    }
}
