using System.Data;

namespace Mall.Bench.Orders.Dtm;

/// <summary>How a worker of the baseline sends its statements.</summary>
enum RoundTrips
{
    /// <summary>
    /// Each alone, as DTM's own client does (dtm, <c>client/dtmcli/barrier.go</c>): begin, the barrier row, the business
    /// change, commit. Sixteen round trips for an order of one item.
    /// </summary>
    Each,

    /// <summary>Those between which nothing is decided go together. Six.</summary>
    Batched,
}

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
sealed class DtmWorker : IDisposable
{
    readonly DbConnection _connection;
    readonly Statements _submit;
    readonly Statements _enter;
    readonly Statements _order;
    readonly Statements _stock;
    readonly Statements _succeed;

    /// <param name="connection">Closed, and this worker's from now on.</param>
    /// <param name="items">How many products each order has.</param>
    public DtmWorker(DbConnection connection, DtmSql sql, int items, RoundTrips trips)
    {
        _connection = connection;
        connection.Open();
        _submit = Together(["begin", .. DtmSql.Submit(items), "commit"]);
        _enter = Together("begin", sql.Barrier);
        _order = Together([.. sql.Order(items), "commit"]);
        _stock = Together(DtmSql.Stock, "commit");
        _succeed = Together(["begin", .. DtmSql.Succeed, "commit"]);

        Statements Together(params string[] statements) => new(connection, trips, sql.Prepares, statements);
    }

    /// <summary>Places one order; durable when it completes.</summary>
    /// <param name="gid">Never used before.</param>
    /// <param name="userId">Whose order it is.</param>
    /// <param name="products">One piece of each.</param>
    /// <exception cref="DbException">The server has failed a statement, and the order is left as it was then.</exception>
    /// <exception cref="BenchmarkException">There is no session any more.</exception>
    public async ValueTask PlaceAsync(string gid, long userId, IReadOnlyList<long> products)
    {
        try
        {
            var payloads = products.Select(id => $$"""{"productId":{{id}},"quantity":1}""").ToArray();
            await _submit.RunAsync(
                [("gid", gid), ("whole", $"[{string.Join(',', payloads)}]"), Now(), .. Each("payload", payloads)]);
            await RunBranchAsync(gid, "01", _order, [("gid", gid), ("user", userId), Now(), .. Each("product", products)]);
            for (var i = 0; i < products.Count; i++)
                await RunBranchAsync(gid, $"{i + 2:00}", _stock, [("product", products[i]), Now()]);
            await _succeed.RunAsync([("gid", gid), Now()]);
        }
        catch (DbException failure)
        {
            if (_connection.State != ConnectionState.Open)
                throw new BenchmarkException($"baseline: the server ended a session: {failure.Message}");
            await RollbackAsync();
            throw;
        }
    }

    public void Dispose() => _connection.Dispose();

    static (string, object) Now() => ("now", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());

    static IEnumerable<(string, object)> Each<T>(string name, IEnumerable<T> values) =>
        values.Select((value, i) => ($"{name}{i}", (object)value!));

    /// <summary>The barrier row decides whether the change is made: it has been, if that was there.</summary>
    async ValueTask RunBranchAsync(string gid, string branch, Statements change, (string, object)[] values)
    {
        if (await _enter.RunAsync([("gid", gid), ("branch", branch), Now()]) == 1)
            await change.RunAsync(values);
        else
            await RollbackAsync();
    }

    async ValueTask RollbackAsync()
    {
        await using var command = _connection.CreateCommand();
        command.CommandText = "rollback";
        await command.ExecuteNonQueryAsync();
    }
}
