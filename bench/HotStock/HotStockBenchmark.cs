using System.CommandLine;
using Mall.Bench.Hosting;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;
using Mall.Products;
using Mall.Sagas;

namespace Mall.Bench.HotStock;

/// <summary>
/// Durable decrements of one product, the hottest row there can be: through its grain, whose decrements share commits, and
/// beside it, in turns, the baseline that commits each by itself. Both on files of one folder that the mall itself has made, and
/// both with the same settings.
/// </summary>
sealed class HotStockBenchmark() : Benchmark(
    "hot-stock", "Durable decrements of one product through its grain, beside one transaction a decrement.")
{
    static readonly Option<int> s_callers = RunOptions.AtLeastOne("--callers", "Callers of the grain.", 512);
    static readonly Option<int> s_baselineCallers = RunOptions.AtLeastOne(
        "--baseline-callers", "Callers of the baseline, a connection each. SQLite has one writer: one is best.", 1);
    static readonly Option<int> s_rounds = RunOptions.AtLeastOne(
        "--rounds", "How often baseline and grain take turns, so that a slow moment of the disk meets both.", 3);

    string _durability = "";

    protected override IEnumerable<Option> Options => [s_callers, s_baselineCallers, s_rounds, RunOptions.Folder];

    protected override string Durability => _durability;

    protected override async Task<IReadOnlyList<Measurement>> MeasureAsync(
        ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        using var folder = BenchFolder.CreateBelow(options.GetValue(RunOptions.Folder)!, display);
        var (baselineFile, grainFile) = (folder.File("baseline.db"), folder.File("grain.db"));
        long productId;
        await using (var maker = await LocalMall.OpenAsync(baselineFile, cancellationToken))
            productId = await SellOneAsync(maker);
        await using var mall = await LocalMall.OpenAsync(grainFile, cancellationToken);
        if (await SellOneAsync(mall) != productId)
            throw new BenchmarkException("two new databases gave their first products different ids");

        using var connections = new Connections(
            options.GetValue(s_baselineCallers), () => new BarrierBaseline(baselineFile, productId));
        _durability = $"baseline {connections[0].Settings}; "
            + $"grain synchronous={await mall.SynchronousAsync()}; {folder.FileSystem}";
        var product = mall.Grains.GetGrain<IProductGrain>(productId);
        var (baseline, grain) = await TakeTurnsAsync(
            new Phase("baseline", connections.Count, caller => TakeAsync(connections[caller.Index], caller)),
            new Phase("grain", options.GetValue(s_callers), caller => TakeAsync(product, caller)),
            options, display, cancellationToken);

        foreach (var (file, measured) in new[] { (baselineFile, baseline), (grainFile, grain) })
            StockBooks.ExpectEveryPieceAccountedFor(file, productId, LocalMall.Plenty, (long)measured.Metrics[Metric.Operations]);
        var ratio = grain.Metrics[Metric.PerSecond] / baseline.Metrics[Metric.PerSecond];
        return [baseline, grain, Measurement.Figure("grain to baseline", Metric.Ratio, ratio)];
    }

    static async Task<(Measurement Baseline, Measurement Grain)> TakeTurnsAsync(
        Phase baseline, Phase grain, ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var rounds = options.GetValue(s_rounds);
        var (warmup, turn) = (options.GetValue(RunOptions.Warmup), options.GetValue(RunOptions.Duration) / rounds);
        var (baselines, grains) = (new List<PhaseResult>(), new List<PhaseResult>());
        for (var round = 0; round < rounds; round++)
        {
            baselines.Add(await baseline.RunAsync(warmup, turn, display, cancellationToken));
            grains.Add(await grain.RunAsync(warmup, turn, display, cancellationToken));
            warmup = TimeSpan.Zero; // what is compiled and cached by now stays so
        }

        return (Measurement.From("baseline", baselines), Measurement.From("grain", grains));
    }

    static async Task<long> SellOneAsync(LocalMall mall)
    {
        var seller = await mall.RegisterAsync("19900000001");
        return (await mall.SellAsync(seller, products: 1, LocalMall.Plenty))[0];
    }

    static Task TakeAsync(BarrierBaseline baseline, Caller caller)
    {
        var run = Guid.NewGuid().ToString("N");
        for (var i = 0L; caller.GoesOn; i++)
        {
            if (baseline.TakeOne($"order-{run}-{i}"))
                caller.Succeeded();
            else
                caller.Failed($"{ErrorCodes.NotEnoughStock}");
        }

        return Task.CompletedTask;
    }

    static async Task TakeAsync(IProductGrain product, Caller caller)
    {
        var run = Guid.NewGuid().ToString("N");
        for (var i = 0L; caller.GoesOn; i++)
        {
            var left = await product.DecrStock(new Branch($"order-{run}-{i}", "02"), 1);
            if (left.IsRefused)
                caller.Failed($"{left.Refusal.Code}");
            else
                caller.Succeeded();
        }
    }

    /// <summary>The baseline's connections, closed together.</summary>
    sealed class Connections(int count, Func<BarrierBaseline> open) : IDisposable
    {
        readonly List<BarrierBaseline> _all = [.. Enumerable.Range(0, count).Select(_ => open())];

        public int Count => _all.Count;

        public BarrierBaseline this[int index] => _all[index];

        public void Dispose() => _all.ForEach(c => c.Dispose());
    }
}
