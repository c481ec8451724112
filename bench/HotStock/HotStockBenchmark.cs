using System.CommandLine;
using Mall.Bench.Hosting;
using Mall.Bench.Load;
using Mall.Bench.Measuring;

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
        var findings = await RunOptions.TakeTurnsAsync(
            [
                new("baseline", cancel => OpenBaselineAsync(folder, options.GetValue(s_baselineCallers), cancel)),
                new("grain", cancel => OpenGrainAsync(folder, options.GetValue(s_callers), cancel)),
            ],
            options,
            cancellationToken);
        var (baseline, grain) = (findings.Measurements[0], findings.Measurements[1]);
        return findings with { Measurements = [baseline, grain, grain.ComparedWith(baseline, Metric.PerSecond)] };
    }

    static async Task<ISite> OpenBaselineAsync(BenchFolder folder, int callers, CancellationToken cancellationToken)
    {
        var file = folder.NewFile();
        long product;
        await using (var maker = await LocalMall.OpenAsync(file, cancellationToken))
            product = (await Stage.SetAsync(maker.Rest, products: 1, cancellationToken)).Products[0];
        return new BarrierSite([.. Enumerable.Range(0, callers).Select(_ => new BarrierBaseline(file, product))], file, folder.FileSystem);
    }

    static async Task<ISite> OpenGrainAsync(BenchFolder folder, int callers, CancellationToken cancellationToken)
    {
        var file = folder.NewFile();
        var mall = await LocalMall.OpenAsync(file, cancellationToken);
        var product = (await Stage.SetAsync(mall.Rest, products: 1, cancellationToken)).Products[0];
        return new GrainSite(mall, product, callers, file, await mall.SynchronousAsync());
    }
}
