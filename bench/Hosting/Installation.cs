namespace Mall.Bench.Hosting;

/// <summary>
/// A mall that this tool has started: one process on a database file; or, on a database of its own on a server, silos without a
/// front door and one front door without grains.
/// </summary>
sealed class Installation : IAsyncDisposable
{
    readonly List<MallProcess> _silos = [];
    readonly Func<string, Task<long>> _query;
    readonly BenchServer? _server;

    Installation(BenchServer? server, string durability, Func<string, Task<long>> query)
    {
        (_server, Durability, _query) = (server, durability, query);
        (Rest, Grpc, Dtm) = (Address(), Address(), Address());
    }

    public string Durability { get; }

    /// <summary>The front door's address for REST, with a slash at the end.</summary>
    public Uri Rest { get; }
    public Uri Grpc { get; }

    /// <summary>Where clients of the transaction manager come, by HTTP.</summary>
    public Uri Dtm { get; }

    /// <summary>The process that has the front door.</summary>
    public MallProcess Door { get; private set; } = null!;

    /// <summary>Starts one on a database file, which is made if need be. It serves when this completes.</summary>
    /// <exception cref="BenchmarkException">It does not.</exception>
    public static async Task<Installation> StartAsync(MallBuild build, string file, string fileSystem)
    {
        var mall = new Installation(
            null, $"SQLite as the mall sets it, {fileSystem}", sql => Task.FromResult(SqliteBooks.Number(file, sql)));
        await mall.OpenDoorAsync(build, $"MALL_DB=sqlite:{file}");
        return mall;
    }

    /// <summary>The same on a new database of a server.</summary>
    /// <exception cref="BenchmarkException">It does not.</exception>
    public static async Task<Installation> StartAsync(
        MallBuild build, BenchServer server, CancellationToken cancellationToken)
    {
        var (database, address) = await server.CreateDatabaseAsync("mall", cancellationToken);
        var mall = new Installation(server, server.Settings, sql => server.NumberAsync(database, sql, cancellationToken));
        await mall.OpenDoorAsync(
            build, $"MALL_DB={address}", $"MALL_SILO={FreePorts.TakeEndpoint()}", $"MALL_GATEWAY={FreePorts.TakeEndpoint()}");
        return mall;
    }

    /// <summary>Silos and a front door on a new database of a server. Everything serves when this completes.</summary>
    /// <exception cref="BenchmarkException">A process does not.</exception>
    public static async Task<Installation> StartAsync(
        MallBuild build, BenchServer server, int silos, CancellationToken cancellationToken)
    {
        var (database, address) = await server.CreateDatabaseAsync("mall", cancellationToken);
        var mall = new Installation(server, server.Settings, sql => server.NumberAsync(database, sql, cancellationToken));
        // The secret is for builds of old.
        string[] shared = [$"MALL_DB={address}", $"MALL_CLUSTER_SECRET={RandomNumberGenerator.GetHexString(32)}"];
        for (var i = 0; i < silos; i++)
        {
            string[] own = [$"MALL_SILO={FreePorts.TakeEndpoint()}", $"MALL_GATEWAY={FreePorts.TakeEndpoint()}"];
            mall._silos.Add(await MallProcess.StartAsync(
                build, "A silo of the mall is up", ["MALL_ROLES=silo", .. own, .. shared]));
        }

        await mall.OpenDoorAsync(build, ["MALL_ROLES=api", .. shared]);
        return mall;
    }

    /// <inheritdoc cref="ISite.SpentAsync"/>
    public async Task<IReadOnlyDictionary<string, TimeSpan>> SpentAsync()
    {
        var (silos, door) = (TimeSpan.Zero, await Door.ProcessorTimeAsync());
        foreach (var silo in _silos)
            silos += await silo.ProcessorTimeAsync();
        var spent = new Dictionary<string, TimeSpan> { [Metric.CpuOfMall] = silos + door };
        if (_server is not null)
        {
            if (_silos.Count > 0)
                (spent[Metric.CpuOfSilos], spent[Metric.CpuOfDoor]) = (silos, door);
            spent[Metric.CpuOfDatabase] = await _server.ProcessorTimeAsync();
        }

        return spent;
    }

    /// <summary>
    /// Asks all processes to end, the front door first, as an operator would. Then throws unless for every product stock and what
    /// standing orders hold add up to what there was, and every saga has ended.
    /// </summary>
    /// <param name="acknowledged">How many orders were acknowledged at least.</param>
    /// <param name="stock">Of each product p at the start, in SQL.</param>
    public async Task StopAndAuditAsync(long acknowledged, string stock)
    {
        await StopAsync();
        var wrong = await CountAsync(
            $"""
            products p where stock < 0 or stock + coalesce((
              select sum(i.quantity) from order_items i join orders o on o.id = i.order_id
              where i.product_id = p.id and o.status in (0, 1)), 0) <> {stock}
            """);
        var open = await CountAsync($"sagas where status not in ('succeed', 'failed')");
        var standing = await CountAsync($"orders where status in (0, 2)"); // Unpaid ones close when a turn is long.
        if (wrong > 0 || open > 0 || standing < acknowledged)
            throw new BenchmarkException(
                $"{acknowledged} orders were acknowledged, {standing} stand; {open} sagas have not ended; "
                + $"the stock of {wrong} products is not conserved");

        Task<long> CountAsync(FormattableString rows) => _query($"select count(*) from {FormattableString.Invariant(rows)}");
    }

    /// <summary>
    /// Asks it to end. Then throws unless every transaction has ended, and as many as were acknowledged have succeeded.
    /// </summary>
    public async Task StopAndAuditTransactionsAsync(long acknowledged)
    {
        await StopAsync();
        var open = await _query("select count(*) from sagas where status not in ('succeed', 'failed')");
        var succeeded = await _query("select count(*) from sagas where kind = 'saga' and status = 'succeed'");
        if (open > 0 || succeeded < acknowledged)
            throw new BenchmarkException($"{acknowledged} sagas were acknowledged, {succeeded} succeeded, {open} are open");
    }

    public async Task StopAsync()
    {
        foreach (var process in _silos.Prepend(Door))
            await process.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _silos.Append(Door))
            await process.DisposeAsync();
    }

    static Uri Address() => new($"http://{FreePorts.TakeEndpoint()}/");

    async Task OpenDoorAsync(MallBuild build, params string[] settings) => Door = await MallProcess.StartAsync(
        build, "Mall is open",
        [$"MALL_HTTP={Rest.Authority}", $"MALL_GRPC={Grpc.Authority}", $"MALL_DTM={Dtm.Authority}", .. settings]);
}
