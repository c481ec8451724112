using Mall.Bench.Load.Clients;

namespace Mall.Bench.Load;

/// <summary>Orders through a front door: each caller places one order after the other, each order with its own key.</summary>
sealed class OrderSite : ISite
{
    readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    readonly Installation? _mall;
    readonly IReadOnlyList<IOrderClient> _clients;
    readonly List<IDisposable> _channels = [];
    readonly OrderLoad _load;
    readonly int _baskets;
    long _placed;

    /// <param name="rest">Where orders go over HTTP.</param>
    /// <param name="grpc">Where they go over gRPC instead, or null.</param>
    /// <param name="stage">Who orders there, and what.</param>
    /// <param name="load">How.</param>
    /// <param name="mall">The mall, if it is this tool's own; it ends with this site.</param>
    public OrderSite(Uri rest, Uri? grpc, Stage stage, OrderLoad load, Installation? mall)
    {
        var baskets = Basket.Choose(stage.Products, load.Items);
        (_mall, _load, _baskets) = (mall, load, baskets.Count);
        var tokens = Enumerable.Range(0, load.Callers).Select(i => stage.Tokens[i % stage.Tokens.Count]);
        if (grpc is null)
        {
            byte[][] bodies = [.. baskets.Select(RestOrderClient.Render)];
            _clients = [.. tokens.Select(token => new RestOrderClient(rest, token, bodies))];
        }
        else
        {
            byte[][] requests = [.. baskets.Select(GrpcOrderClient.Render)];
            _clients = [.. tokens.Chunk(load.CallsPerConnection).SelectMany(together =>
            {
                var channel = GrpcOrderClient.Connect();
                _channels.Add(channel);
                return together.Select(token => new GrpcOrderClient(channel, grpc, token, requests));
            })];
        }
    }

    public int Callers => _clients.Count;

    public string Durability => _mall?.Durability ?? "the installation's";

    /// <summary>Sets the stage first.</summary>
    public static async Task<ISite> OpenAsync(
        Uri rest, Uri? grpc, OrderLoad load, Installation? mall, CancellationToken cancellationToken) =>
        new OrderSite(rest, grpc, await Stage.SetAsync(rest, load.Products, cancellationToken), load, mall);

    /// <summary>
    /// In an open loop order n of all is for caller n modulo their number and meant to start at n / rate: each that is due within
    /// the turn is placed, though the turn takes longer then.
    /// </summary>
    public async Task CallAsync(Caller caller)
    {
        var ticksBetween = Stopwatch.Frequency / _load.Rate;
        for (var n = caller.Index; ticksBetween is not null || caller.GoesOn; n += Callers)
        {
            if (ticksBetween is { } ticks)
            {
                var due = caller.Beginning + (long)(n * ticks);
                if (!caller.Includes(due))
                    return;
                var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
                if (wait > TimeSpan.Zero)
                    await Task.Delay(wait);
                caller.MeantToStartAt(due);
            }

            caller.Ended(await PlaceOneAsync(_clients[caller.Index]));
        }
    }

    /// <summary>Places as many orders as are asked for, all callers together.</summary>
    /// <exception cref="BenchmarkException">One of them did not stand.</exception>
    public Task PlaceAsync(long orders) => Task.WhenAll(_clients.Select(async client =>
    {
        while (Interlocked.Decrement(ref orders) >= 0)
        {
            if (await PlaceOneAsync(client) is { } code)
                throw new BenchmarkException($"an order was answered {code}");
        }
    }));

    public async Task<IReadOnlyDictionary<string, TimeSpan>> SpentAsync() =>
        _mall is null ? new Dictionary<string, TimeSpan>() : await _mall.SpentAsync();

    public Task AuditAsync(long acknowledged, CancellationToken cancellationToken) =>
        _mall?.StopAndAuditAsync(acknowledged, $"{Stage.Stock}") ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _clients.Concat(_channels))
            connection.Dispose();
        if (_mall is not null)
            await _mall.DisposeAsync();
    }

    ValueTask<string?> PlaceOneAsync(IOrderClient client)
    {
        var order = Interlocked.Increment(ref _placed);
        return client.PlaceAsync((int)(order % _baskets), _load.KeyOf(_run, order));
    }
}
