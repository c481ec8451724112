using MySqlConnector;
using Npgsql;

namespace Mall.Bench.Orders.Dtm;

/// <summary>The baseline: a database of its own on the server, and workers on it, one for each caller.</summary>
sealed class DtmBaseline : ISite
{
    readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    readonly BenchServer _server;
    readonly string _database;
    readonly IReadOnlyList<DtmWorker> _workers;
    readonly IReadOnlyList<Basket> _baskets;
    readonly OrderLoad _load;
    long _placed;

    DtmBaseline(
        BenchServer server, string database, IReadOnlyList<DtmWorker> workers, IReadOnlyList<Basket> baskets, OrderLoad load) =>
        (_server, _database, _workers, _baskets, _load) = (server, database, workers, baskets, load);

    public int Callers => _workers.Count;

    public string Durability => _server.Settings;

    /// <summary>Makes tables, products and connections.</summary>
    public static async Task<ISite> OpenAsync(
        BenchServer server, RoundTrips trips, int workers, OrderLoad load, CancellationToken cancellationToken)
    {
        var (database, address) = await server.CreateDatabaseAsync("dtm", cancellationToken);
        var sql = server.Kind == DatabaseKind.Postgres ? DtmSql.Postgres : DtmSql.MariaDb;
        var ids = Enumerable.Range(1, load.Products).Select(id => (long)id).ToList();
        var onSale = ids.Select(id => $"({id}, 'Load {id}', {Stage.Price}, {Stage.Stock})");
        await server.ExecuteAsync(
            database,
            $"{sql.Schema} insert into products (id, name, price, stock) values {string.Join(", ", onSale)};",
            cancellationToken);
        var opened = Enumerable.Range(0, workers)
            .Select(_ => new DtmWorker(Connection(server.Kind, StoreAddress.Parse(address)), sql, load.Items, trips)).ToList();
        return new DtmBaseline(server, database, opened, Basket.Choose(ids, load.Items), load);
    }

    public async Task CallAsync(Caller caller)
    {
        var user = (caller.Index % Stage.Customers) + 1;
        while (caller.GoesOn)
        {
            // As the front door makes them, of the same keys: in their order, if they have one, which DTM's own never have.
            var order = Interlocked.Increment(ref _placed);
            var gid = Gids.FromKey("order", user, _load.KeyOf(_run, order));
            try
            {
                await _workers[caller.Index].PlaceAsync(gid, user, _baskets[(int)(order % _baskets.Count)].Products);
                caller.Ended(null);
            }
            catch (DbException e)
            {
                caller.Ended(e.SqlState ?? e.Message);
            }
        }
    }

    public async Task<IReadOnlyDictionary<string, TimeSpan>> SpentAsync() =>
        new Dictionary<string, TimeSpan> { [Metric.CpuOfDatabase] = await _server.ProcessorTimeAsync() };

    /// <summary>Stock, orders and barrier agree, and at least as many orders have succeeded as were acknowledged.</summary>
    public async Task AuditAsync(long acknowledged, CancellationToken cancellationToken)
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

    public ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
            worker.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Closed, and of whoever asks alone.</summary>
    public static DbConnection Connection(DatabaseKind kind, StoreAddress address)
    {
        var (server, user) = kind == DatabaseKind.Postgres ? ("Host", "Username") : ("Server", "User ID");
        var text = $"{server}={address.Host};Port={address.Port};Database={address.Database};"
            + $"{user}={address.User};Password={address.Password};Pooling=false";
        return kind == DatabaseKind.Postgres ? new NpgsqlConnection(text) : new MySqlConnection(text);
    }
}
