using Mall.Bench.Orders.Dtm;

namespace Mall.Bench.Transactions;

/// <summary>
/// Sagas of two HTTP branches through the transaction manager of a mall of one process, and on a database server beside it the
/// DTM pattern with SQL. The branches are this tool's, and answer at once.
/// </summary>
sealed class TransactionsBenchmark() : Benchmark(
    "transactions", "Sagas of two HTTP branches through the transaction manager, beside the DTM pattern with SQL.")
{
    static readonly Option<DatabaseKind?> s_db = new("--db")
    {
        Description = "Which server is started, in a temporary folder. Without it: SQLite, where there is no baseline.",
    };

    static readonly Option<int> s_callers = RunOptions.AtLeastOne("--callers", "Sagas under way at a time.", 64);
    static readonly Option<bool> s_noBaseline = new("--no-baseline") { Description = "Measure the mall alone." };

    protected override IEnumerable<Option> Options =>
        [s_db, s_callers, s_noBaseline, .. MallBuild.Options, .. RunOptions.OfTurns, RunOptions.Folder];

    protected override async Task<Findings> MeasureAsync(ParseResult options, CancellationToken cancellationToken)
    {
        var callers = options.GetValue(s_callers);
        await using var server =
            options.GetValue(s_db) is { } kind ? await BenchServer.StartAsync(kind, cancellationToken) : null;
        using var folder = server is null ? new BenchFolder(options.GetValue(RunOptions.Folder)!) : null;
        List<Contestant> contestants =
            [.. MallBuild.Of(options).Select(build => new Contestant($"mall{build.Suffix}", cancel => OpenAsync(build, cancel)))];
        var malls = contestants.Count;
        if (server is not null && !options.GetValue(s_noBaseline))
        {
            contestants.Add(new("baseline", cancel => SagaBaseline.OpenAsync(server, RoundTrips.Each, callers, cancel)));
            contestants.Add(
                new("baseline, batched", cancel => SagaBaseline.OpenAsync(server, RoundTrips.Batched, callers, cancel)));
        }

        var findings = await RunOptions.TakeTurnsAsync(contestants, options, cancellationToken);
        return new Findings(
            $"{findings.Durability}; a saga counts when it was answered as succeeded",
            [
                .. MallBuild.WithRatios(findings.Measurements, Metric.PerSecond, Metric.CpuOfMall, Metric.P50, Metric.P99),
                .. from mall in findings.Measurements.Take(malls)
                   from baseline in findings.Measurements.Skip(malls)
                   select mall.ComparedWith(baseline, Metric.PerSecond, Metric.P50, Metric.P99),
            ]);

        async Task<ISite> OpenAsync(MallBuild build, CancellationToken cancel) => new SagaSite(
            server is not null
                ? await Installation.StartAsync(build, server, cancel)
                : await Installation.StartAsync(build, folder!.NewFile(), folder.FileSystem),
            await Branches.OpenAsync(cancel), callers);
    }
}
