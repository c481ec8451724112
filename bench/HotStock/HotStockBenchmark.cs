using Mall.Ledger.Sqlite;
using Mall.Products;
using Mall.Silo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans;

namespace Mall.Bench.HotStock;

/// <summary>
/// Durable decrements of one product, the hottest row there can be: through its grain, whose decrements share commits, and
/// beside it, in turns, the baseline that commits each by itself. Both on files of one folder that the mall itself has made, and
/// both with the same settings; both in this process, so that runs of it differ more than their turns do.
/// </summary>
sealed class HotStockBenchmark() : Benchmark(
    "hot-stock", "Durable decrements of one product through its grain, beside one transaction a decrement.")
{
    static readonly Option<int> s_callers = RunOptions.AtLeastOne("--callers", "Callers of the grain.", 512);
    static readonly Option<int> s_baselineCallers = RunOptions.AtLeastOne(
        "--baseline-callers", "Callers of the baseline, a connection each. SQLite has one writer: one is best.", 1);

    protected override IEnumerable<Option> Options => [s_callers, s_baselineCallers, .. RunOptions.OfTurns, RunOptions.Folder];

    protected override async Task<Findings> MeasureAsync(ParseResult options, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder(options.GetValue(RunOptions.Folder)!);
        Contestant[] contestants =
        [
            new("baseline", cancel => OpenBaselineAsync(folder, options.GetValue(s_baselineCallers), cancel)),
            new("grain", cancel => OpenGrainAsync(folder, options.GetValue(s_callers), cancel)),
        ];
        var findings = await RunOptions.TakeTurnsAsync(contestants, options, cancellationToken);
        var (baseline, grain) = (findings.Measurements[0], findings.Measurements[1]);
        return findings with { Measurements = [baseline, grain, grain.ComparedWith(baseline, Metric.PerSecond)] };
    }

    static async Task<ISite> OpenBaselineAsync(BenchFolder folder, int callers, CancellationToken cancellationToken)
    {
        var (file, product) = await MakeAsync(folder, cancellationToken);
        var connections = Enumerable.Range(0, callers).Select(_ => new BarrierBaseline(file, product)).ToList();
        return new StockSite(
            file, callers, $"baseline {connections[0].Settings}, {folder.FileSystem}",
            (caller, gid) => ValueTask.FromResult(connections[caller].TakeOne(gid) ? null : $"{ErrorCodes.NotEnoughStock}"),
            () =>
            {
                connections.ForEach(c => c.Dispose());
                return ValueTask.CompletedTask;
            });
    }

    static async Task<ISite> OpenGrainAsync(BenchFolder folder, int callers, CancellationToken cancellationToken)
    {
        var (file, productId) = await MakeAsync(folder, cancellationToken);
        var mall = MallHost.Build(
            ["--db", $"sqlite:{file}", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"],
            builder => builder.Logging.ClearProviders()
                .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
                .SetMinimumLevel(LogLevel.Warning));
        await mall.StartAsync(cancellationToken);
        var product = mall.Services.GetRequiredService<IGrainFactory>().GetGrain<IProductGrain>(productId);
        var store = (SqliteStore)mall.Services.GetRequiredService<IStore>();
        var settings = (await store.OnOwnAsync(own => own.Read(ShortQueries.Number("pragma synchronous"))))[0];
        return new StockSite(
            file, callers, $"grain synchronous={settings}", async (_, gid) =>
            {
                var left = await product.DecrStock(new Branch(gid, "02"), 1);
                return left.IsRefused ? $"{left.Refusal.Code}" : null;
            },
            async () =>
            {
                await mall.StopAsync(CancellationToken.None);
                await mall.DisposeAsync();
            });
    }

    /// <summary>Lets a mall make a database with one product.</summary>
    static async Task<(string File, long Product)> MakeAsync(BenchFolder folder, CancellationToken cancellationToken)
    {
        var file = folder.NewFile();
        await using var maker = await Installation.StartAsync(MallBuild.Own, file, folder.FileSystem);
        var stage = await Stage.SetAsync(maker.Rest, products: 1, cancellationToken, customers: 1);
        await maker.StopAsync();
        return (file, stage.Products[0]);
    }
}
