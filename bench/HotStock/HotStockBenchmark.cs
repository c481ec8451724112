using System.CommandLine;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;

namespace Mall.Bench.HotStock;

/// <summary>
/// Durable decrements of one product, the hottest row there can be: through its grain, whose decrements share commits, and
/// beside it, in turns, the baseline that commits each by itself. Both on files of one folder, both with the same settings.
/// </summary>
sealed class HotStockBenchmark() : Benchmark(
    "hot-stock", "Durable decrements of one product through its grain, beside one transaction a decrement.")
{
    const long ProductId = 1;

    static readonly Option<int> s_callers = RunOptions.AtLeastOne("--callers", "Callers of the grain.", 512);
    static readonly Option<int> s_baselineCallers = RunOptions.AtLeastOne(
        "--baseline-callers", "Callers of the baseline, a connection each. SQLite has one writer: one is best.", 1);
    static readonly Option<int> s_rounds = RunOptions.AtLeastOne(
        "--rounds", "How often baseline and grain take turns, so that a slow moment of the disk meets both.", 3);
    static readonly Option<string> s_folder = new("--folder")
    {
        Description = "Where the database files are made, and removed at the end.",
        DefaultValueFactory = _ => "data",
    };

    string _durability = "";

    protected override IEnumerable<Option> Options => [s_callers, s_baselineCallers, s_rounds, s_folder];

    protected override string Durability => _durability;

    protected override async Task<IReadOnlyList<Measurement>> MeasureAsync(
        ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        using var folder = BenchFolder.CreateBelow(options.GetValue(s_folder)!, display);
        var file = folder.File("baseline.db");
        BarrierBaseline.Create(file, ProductId);
        var callers = Enumerable.Range(0, options.GetValue(s_baselineCallers));
        var connections = callers.Select(_ => new BarrierBaseline(file, ProductId)).ToList();
        try
        {
            _durability = $"{connections[0].Settings()}, {folder.FileSystem}";
            var baseline = new Phase("baseline", connections.Count, caller => TakeAsync(connections[caller.Index], caller));
            var rounds = options.GetValue(s_rounds);
            var (warmup, turn) = (options.GetValue(RunOptions.Warmup), options.GetValue(RunOptions.Duration) / rounds);
            var results = new List<PhaseResult>();
            for (var round = 0; round < rounds; round++)
                results.Add(await baseline.RunAsync(warmup, turn, display, cancellationToken));
            return [Measurement.From("baseline", results)];
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
    }

    static Task TakeAsync(BarrierBaseline baseline, Caller caller)
    {
        var run = Guid.NewGuid().ToString("N");
        for (var i = 0L; caller.GoesOn; i++)
        {
            if (baseline.TakeOne($"order-{run}-{i}"))
                caller.Succeeded();
            else
                caller.Failed("300002");
        }

        return Task.CompletedTask;
    }
}
