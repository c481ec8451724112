using Mall.Bench.Clusters;
using Mall.Bench.Load;
using Mall.Bench.Load.Rest;
using Mall.Bench.Measuring;
using Mall.Bench.Orders.Dtm;
using Mall.Bench.Reporting;
using Mall.TestServers;

namespace Mall.Bench.Orders;

/// <summary>
/// Orders on a database server: through the front door of a mall of several processes, over HTTP, and beside it the DTM pattern
/// in this process. They take turns on the same server, so that a slow moment of the disk meets all of them.
/// </summary>
/// <param name="Kind">The server.</param>
/// <param name="Silos">How many silos; a cluster for each number.</param>
/// <param name="Callers">Of the front door.</param>
/// <param name="Products">How many are on sale.</param>
/// <param name="Items">Products of an order.</param>
/// <param name="Rounds">Turns of each.</param>
/// <param name="BaselineCallers">Workers of the baseline; 0 when it does not take part.</param>
sealed record ServerOrders(
    DatabaseKind Kind, IReadOnlyList<int> Silos, int Callers, int Products, int Items, int Rounds, int BaselineCallers)
{
    /// <summary>What the last run was durable by: the server's own words.</summary>
    public string Durability { get; private set; } = "";

    /// <param name="warmup">Of each contestant, once.</param>
    /// <param name="duration">Of all turns of a contestant together.</param>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(
        TimeSpan warmup, TimeSpan duration, ProgressDisplay display, CancellationToken cancellationToken)
    {
        await using var server = await BenchServer.StartAsync(Kind, display, cancellationToken);
        Durability = $"{server.Settings}; an order counts when it was answered as standing";
        await using var malls = new Malls();
        var contestants = new List<Contestant>();
        foreach (var silos in Silos)
        {
            display.Say($"Starting {Words(silos)} and a front door");
            contestants.Add(await malls.AddAsync(this, server, silos, cancellationToken));
        }

        using var baselines = new Baselines();
        if (BaselineCallers > 0)
            contestants.AddRange(await baselines.OpenAsync(this, server, cancellationToken));
        await TakeTurnsAsync(contestants, warmup, duration, display, cancellationToken);

        var measurements = contestants.Select(c => c.ToMeasurement()).ToList();
        foreach (var (contestant, measured) in contestants.Zip(measurements))
        {
            var acknowledged = (long)measured.Metrics[Metric.Operations];
            if (contestant.Cluster is not { } cluster)
            {
                await baselines[contestant.Name].ExpectNothingLostAsync(acknowledged, cancellationToken);
                continue;
            }

            await cluster.StopAsync();
            await ClusterBooks.ExpectStockConservedAsync(server, cluster.Database, Stage.Stock, acknowledged, cancellationToken);
        }

        return [.. measurements, .. Ratios(measurements)];
    }

    /// <summary>
    /// What is compared: each mall with each baseline, and what an order costs each mall with what it costs the first.
    /// </summary>
    internal IEnumerable<Measurement> Ratios(IReadOnlyList<Measurement> measured)
    {
        var malls = measured.Take(Silos.Count).ToList();
        foreach (var mall in malls)
        {
            foreach (var baseline in measured.Skip(Silos.Count))
            {
                var ratio = mall.Metrics[Metric.PerSecond] / baseline.Metrics[Metric.PerSecond];
                yield return Measurement.Figure($"{mall.Name} to {baseline.Name}", Metric.Ratio, ratio);
            }
        }

        foreach (var mall in malls.Skip(1))
        {
            var ratio = mall.Metrics[TurnFigures.CpuOfMall] / malls[0].Metrics[TurnFigures.CpuOfMall];
            yield return Measurement.Figure($"processor time an order, {mall.Name} to {malls[0].Name}", Metric.Ratio, ratio);
        }
    }

    async Task TakeTurnsAsync(
        List<Contestant> contestants, TimeSpan warmup, TimeSpan duration, ProgressDisplay display,
        CancellationToken cancellationToken)
    {
        foreach (var contestant in contestants)
            await contestant.WarmUpAsync(warmup, display, cancellationToken);
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var contestant in contestants)
                await contestant.TakeTurnAsync(duration / Rounds, display, cancellationToken);
        }
    }

    static string Words(int silos) => silos == 1 ? "1 silo" : FormattableString.Invariant($"{silos} silos");

    /// <summary>The baselines, one for each way to send statements.</summary>
    sealed class Baselines : IDisposable
    {
        readonly List<DtmBaseline> _opened = [];

        public DtmBaseline this[string name] => _opened.Single(b => b.Name == name);

        public async Task<IReadOnlyList<Contestant>> OpenAsync(
            ServerOrders orders, BenchServer server, CancellationToken cancellationToken)
        {
            foreach (var trips in Enum.GetValues<RoundTrips>())
            {
                _opened.Add(await DtmBaseline.OpenAsync(
                    server, trips, orders.BaselineCallers, orders.Products, orders.Items, cancellationToken));
            }

            return [.. _opened.Select(b => new Contestant(new Phase(b.Name, b.Workers, b.PlaceAsync), server, cluster: null))];
        }

        public void Dispose() => _opened.ForEach(b => b.Dispose());
    }

    /// <summary>The clusters with their clients.</summary>
    sealed class Malls : IAsyncDisposable
    {
        readonly List<MallCluster> _clusters = [];
        readonly List<IDisposable> _clients = [];

        public async Task<Contestant> AddAsync(
            ServerOrders orders, BenchServer server, int silos, CancellationToken cancellationToken)
        {
            var cluster = await MallCluster.StartAsync(server, silos, cancellationToken);
            _clusters.Add(cluster);
            var door = new RestFrontDoor(cluster.Rest);
            _clients.Add(door);
            var stage = await Stage.SetAsync(door, Stage.Customers, orders.Products, cancellationToken);
            var baskets = Basket.Choose(stage.Products, orders.Items, seed: 1);
            var tokens = Enumerable.Range(0, orders.Callers).Select(i => stage.Tokens[i % stage.Tokens.Count]);
            var clients = door.Connect(tokens, baskets).ToList();
            _clients.AddRange(clients);
            var stream = new OrderStream(clients, baskets.Count, rate: null);
            return new Contestant(new Phase(Words(silos), clients.Count, stream.PlaceAsync), server, cluster);
        }

        public async ValueTask DisposeAsync()
        {
            _clients.ForEach(c => c.Dispose());
            foreach (var cluster in _clusters)
                await cluster.DisposeAsync();
        }
    }
}
