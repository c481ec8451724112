using System.Diagnostics;
using System.Security.Cryptography;
using Mall.Bench.Hosting;
using Mall.Bench.Load.Clients;
using Mall.Bench.Measuring;

namespace Mall.Bench.Load;

/// <summary>Orders through a front door: each connection places one order after the other, each order with its own key.</summary>
sealed class OrderSite : ISite
{
    readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    readonly Installation? _mall;
    readonly List<IOrderClient> _clients;
    readonly List<IDisposable> _connections = [];
    readonly double? _rate;
    readonly int _baskets;
    long _placed;

    /// <param name="doors">The front door.</param>
    /// <param name="stage">Who orders there, and what.</param>
    /// <param name="load">How.</param>
    /// <param name="mall">The mall, if it is this tool's own.</param>
    public OrderSite(FrontDoor doors, Stage stage, OrderLoad load, Installation? mall)
    {
        (_mall, _rate) = (mall, load.Rate);
        var baskets = Basket.Choose(stage.Products, load.Items);
        _baskets = baskets.Count;
        var tokens = Enumerable.Range(0, load.Callers).Select(i => stage.Tokens[i % stage.Tokens.Count]);
        _clients = [.. doors.Grpc is { } grpc ? Grpc(grpc) : Rest()];

        IEnumerable<IOrderClient> Rest()
        {
            byte[][] bodies = [.. baskets.Select(RestOrderClient.Render)];
            return tokens.Select(token => new RestOrderClient(doors.Rest, token, bodies));
        }

        IEnumerable<IOrderClient> Grpc(Uri address)
        {
            V1.PlaceOrderRequest[] requests = [.. baskets.Select(GrpcOrderClient.Render)];
            foreach (var together in tokens.Chunk(load.CallsPerConnection))
            {
                var connection = GrpcOrderClient.Connect(address);
                _connections.Add(connection);
                foreach (var token in together)
                    yield return new GrpcOrderClient(connection, token, requests);
            }
        }
    }

    public int Callers => _clients.Count;

    public string Durability => _mall?.Durability ?? "the installation's";

    /// <summary>Sets the stage first.</summary>
    public static async Task<ISite> OpenAsync(
        FrontDoor door, OrderLoad load, Installation? mall, CancellationToken cancellationToken)
    {
        try
        {
            return new OrderSite(door, await Stage.SetAsync(door.Rest, load.Products, cancellationToken), load, mall);
        }
        catch when (mall is not null)
        {
            await mall.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public Task CallAsync(Caller caller) =>
        _rate is { } perSecond ? PlaceAtRateAsync(caller, perSecond) : PlaceOneAfterTheOtherAsync(caller);

    /// <summary>Places as many orders as are asked for, on all connections together.</summary>
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

    public async Task AuditAsync(long acknowledged, CancellationToken cancellationToken)
    {
        if (_mall is null)
            return;
        await _mall.StopAsync();
        await _mall.AuditAsync(acknowledged, Stage.Stock);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _clients.Concat(_connections))
            connection.Dispose();
        if (_mall is not null)
            await _mall.DisposeAsync();
    }

    async Task PlaceOneAfterTheOtherAsync(Caller caller)
    {
        while (caller.GoesOn)
            caller.Ended(await PlaceOneAsync(_clients[caller.Index]));
    }

    /// <summary>The n-th order of all belongs to connection n modulo their number, and is meant to start at n / rate.</summary>
    async Task PlaceAtRateAsync(Caller caller, double perSecond)
    {
        var ticksBetween = Stopwatch.Frequency / perSecond;
        for (var n = caller.Index; ; n += Callers)
        {
            var due = caller.Beginning + (long)(n * ticksBetween);
            if (!caller.Includes(due))
                return;
            var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            caller.MeantToStartAt(due);
            caller.Ended(await PlaceOneAsync(_clients[caller.Index]));
        }
    }

    ValueTask<string?> PlaceOneAsync(IOrderClient client)
    {
        var order = Interlocked.Increment(ref _placed);
        return client.PlaceAsync((int)(order % _baskets), $"load-{_run}-{order}");
    }
}
