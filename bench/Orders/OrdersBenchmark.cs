using Mall.Bench.Orders.Dtm;

namespace Mall.Bench.Orders;

/// <summary>
/// Orders on a database server: through the front door of a mall of several processes, over HTTP, and beside it the DTM pattern
/// in this process, on the same server. Each turn has a database of its own, which is audited; a run in which anything was lost
/// or doubled gives no figures.
/// </summary>
sealed class OrdersBenchmark() : Benchmark(
    "orders", "Orders over HTTP on silos and a front door on a database server, beside the DTM pattern with SQL.")
{
    static readonly Option<DatabaseKind> s_db = new("--db")
    {
        Description = "Which server is started, in a temporary folder.",
        DefaultValueFactory = _ => DatabaseKind.Postgres,
    };

    static readonly Option<int[]> s_silos = new("--silos")
    {
        Description = "How many silos there are beside the front door; 0: one process is both. With several numbers, such as "
            + "--silos 0 1 3, an installation of each takes turns.",
        DefaultValueFactory = _ => [1],
        AllowMultipleArgumentsPerToken = true,
        Validators =
        {
            result =>
            {
                var counts = result.GetValueOrDefault<int[]>() ?? [];
                if (counts.Any(n => n is < 0 or > 9) || counts.Distinct().Count() != counts.Length)
                    result.AddError("--silos takes different numbers from 0 to 9.");
            },
        },
    };

    static readonly Option<int> s_baselineCallers = RunOptions.AtLeastOne(
        "--baseline-callers", "Workers of the baseline, a connection each; as many as callers unless said.", 64);
    static readonly Option<bool> s_noBaseline = new("--no-baseline") { Description = "Measure the mall alone." };

    protected override IEnumerable<Option> Options =>
    [
        s_db, s_silos, s_noBaseline, s_baselineCallers, .. MallBuild.Options, .. OrderLoad.Options, .. RunOptions.OfTurns,
    ];

    protected override async Task<Findings> MeasureAsync(ParseResult options, CancellationToken cancellationToken)
    {
        var load = OrderLoad.Of(options);
        await using var server = await BenchServer.StartAsync(options.GetValue(s_db), cancellationToken);
        var contestants = (
            from silos in options.GetValue(s_silos)!
            from build in MallBuild.Of(options)
            select new Contestant(Words(silos) + build.Suffix, cancel => OpenAsync(build, server, silos, load, cancel))).ToList();
        var malls = contestants.Count;
        if (!options.GetValue(s_noBaseline))
        {
            var workers = options.GetResult(s_baselineCallers) is { Implicit: false }
                ? options.GetValue(s_baselineCallers) : load.Callers;
            contestants.AddRange(Enum.GetValues<RoundTrips>().Select(trips => new Contestant(
                trips == RoundTrips.Each ? "baseline" : "baseline, batched",
                cancel => DtmBaseline.OpenAsync(server, trips, workers, load, cancel))));
        }

        var findings = await RunOptions.TakeTurnsAsync(contestants, options, cancellationToken);
        return new Findings(
            $"{findings.Durability}; an order counts when it was answered as standing", Compare(findings.Measurements, malls));
    }

    /// <summary>
    /// What was found, and what is compared: the builds, each mall with each baseline, and what an order costs each mall with
    /// what it costs the first.
    /// </summary>
    /// <param name="malls">How many of the measurements are of malls; those of baselines follow.</param>
    internal static IReadOnlyList<Measurement> Compare(IReadOnlyList<Measurement> measured, int malls) =>
    [
        .. MallBuild.WithRatios(measured, Metric.PerSecond, Metric.CpuOfMall, Metric.P50, Metric.P99),
        .. from mall in measured.Take(malls)
           from baseline in measured.Skip(malls)
           select mall.ComparedWith(baseline, Metric.PerSecond),
        .. measured.Take(malls).Where(mall => mall.Name.Split(" (")[0] != measured[0].Name.Split(" (")[0])
            .Select(mall => mall.ComparedWith(measured[0], Metric.CpuOfMall)),
    ];

    static string Words(int silos) => silos switch { 0 => "one process", 1 => "1 silo", _ => $"{silos} silos" };

    static async Task<ISite> OpenAsync(
        MallBuild build, BenchServer server, int silos, OrderLoad load, CancellationToken cancellationToken)
    {
        var mall = silos == 0
            ? await Installation.StartAsync(build, server, cancellationToken)
            : await Installation.StartAsync(build, server, silos, cancellationToken);
        return await OrderSite.OpenAsync(mall.Rest, grpc: null, load, mall, cancellationToken);
    }
}
