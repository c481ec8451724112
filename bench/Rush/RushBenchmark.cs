using Mall.Bench.Load.Clients;

namespace Mall.Bench.Rush;

/// <summary>
/// Everybody wants a product that is nearly gone, on silos and a front door on a database server. Before and during the rush
/// others order other products at an even rate: what a refusal costs, and what the rush costs those who have nothing to do with
/// it. Refused orders end their sagas like others, and stock, orders and sagas are audited at the end.
/// </summary>
sealed class RushBenchmark() : Benchmark(
    "rush", "Refusals a second of a product that is sold out, and what orders of others take meanwhile.")
{
    const long Pieces = 50;

    static readonly string s_soldOut = ErrorCodes.NotEnoughStock.ToString(CultureInfo.InvariantCulture);

    static readonly Option<DatabaseKind> s_db = new("--db")
    {
        Description = "Which server is started, in a temporary folder.",
        DefaultValueFactory = _ => DatabaseKind.Postgres,
    };

    static readonly Option<int> s_callers = RunOptions.AtLeastOne("--callers", "How many want the scarce product at a time.", 64);
    static readonly Option<int> s_products = RunOptions.AtLeastOne("--products", "Other products that are put on sale.", 100);
    static readonly Option<double> s_rate = new("--rate")
    {
        Description = "Orders a second of other products.", DefaultValueFactory = _ => 200,
    };

    static readonly Option<double> s_warmup = RunOptions.Seconds(
        "--warmup", "How many seconds all of it runs on a mall before anything counts, with another scarce product.", 20);
    static readonly Option<double> s_duration = RunOptions.Seconds(
        "--duration", "How many seconds the quiet before the rush counts, and then the rush.", 30);

    protected override IEnumerable<Option> Options =>
        [s_db, s_callers, s_products, s_rate, s_warmup, s_duration, RunOptions.Rounds, .. MallBuild.Options];

    protected override async Task<Findings> MeasureAsync(ParseResult options, CancellationToken cancellationToken)
    {
        await using var server = await BenchServer.StartAsync(options.GetValue(s_db), cancellationToken);
        var (builds, rounds) = (MallBuild.Of(options), options.GetValue(RunOptions.Rounds));
        var found = builds.ToDictionary(b => b, _ => new List<Dictionary<string, double>>());
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var build in builds)
            {
                await Console.Error.WriteLineAsync($"Round {round} of {rounds}: rush{build.Suffix}");
                found[build].Add(await MeasureAsync(build, server, options, cancellationToken));
            }
        }

        var measured = builds.Select(build => Measurement.Figures(
            $"rush{build.Suffix}",
            found[build][0].Keys.ToDictionary(name => name, name => Measurement.Median(found[build].Select(f => f[name])))));
        return new Findings(
            $"{server.Settings}; a refusal counts when it was answered, its saga's end is on disk",
            [.. MallBuild.WithRatios([.. measured], "refusalsPerSecond", "quietP99Us", "rushP99Us", "cpuOfMallUs")]);
    }

    static async Task<Dictionary<string, double>> MeasureAsync(
        MallBuild build, BenchServer server, ParseResult options, CancellationToken cancellationToken)
    {
        var (callers, duration) = (options.GetValue(s_callers), TimeSpan.FromSeconds(options.GetValue(s_duration)));
        await using var mall = await Installation.StartAsync(build, server, silos: 1, cancellationToken);
        var rehearsed = await Stage.SetAsync(mall.Rest, 1, cancellationToken, Pieces);
        var scarce = await Stage.SetAsync(mall.Rest, 1, cancellationToken, Pieces);
        var plenty = await Stage.SetAsync(mall.Rest, options.GetValue(s_products), cancellationToken);
        var load = new OrderLoad(callers, CallsPerConnection: 1, Products: 1, Items: 1, HasRandomKeys: false, Rate: null);
        await using var rehearsal = new OrderSite(mall.Rest, grpc: null, rehearsed, load, mall: null);
        await using var rush = new OrderSite(mall.Rest, grpc: null, scarce, load, mall: null);
        await using var others = new OrderSite(
            mall.Rest, grpc: null, plenty, load with { Rate = options.GetValue(s_rate) }, mall: null);

        var warmup = TimeSpan.FromSeconds(options.GetValue(s_warmup));
        var warm = await Task.WhenAll(TakeAsync(rehearsal, warmup), TakeAsync(others, warmup));
        await server.SettleAsync(cancellationToken);
        var quiet = await TakeAsync(others, duration);
        var before = await mall.SpentAsync();
        var (crowd, meanwhile) = (TakeAsync(rush, duration), TakeAsync(others, duration));
        var (rushed, rest) = (Measurement.Of("rush", [await crowd]), Measurement.Of("others", [await meanwhile]));
        var spent = await mall.SpentAsync();
        var refused = rushed.Errors.GetValueOrDefault(s_soldOut);
        var placed = warm.Append(quiet).Sum(turn => turn.Successes);
        var calm = Measurement.Of("quiet", [quiet]);
        var (rehearsedOnes, early) = (Measurement.Of("warm-up", [warm[0]]), Measurement.Of("warm-up", [warm[1]]));
        string[] wrong =
        [
            .. rushed.Errors.Keys.Concat(rehearsedOnes.Errors.Keys).Except([s_soldOut]),
            .. new[] { rest, calm, early }.SelectMany(turn => turn.Errors.Keys),
        ];
        foreach (var code in wrong)
            throw new BenchmarkException($"an order was answered {code}");

        await mall.StopAndAuditAsync(
            placed + (long)(rushed.Metrics[Metric.Operations] + rest.Metrics[Metric.Operations]),
            FormattableString.Invariant(
                $"case when p.id in ({scarce.Products[0]}, {rehearsed.Products[0]}) then {Pieces} else {Stage.Stock} end"));
        return new Dictionary<string, double>
        {
            ["refusalsPerSecond"] = refused / duration.TotalSeconds,
            ["quietP99Us"] = calm.Metrics[Metric.P99],
            ["rushP99Us"] = rest.Metrics[Metric.P99],
            [Metric.CpuOfMall] = (spent[Metric.CpuOfMall] - before[Metric.CpuOfMall]).TotalMicroseconds
                / (refused + rest.Metrics[Metric.Operations]),
            [Metric.CpuOfDatabase] = (spent[Metric.CpuOfDatabase] - before[Metric.CpuOfDatabase]).TotalMicroseconds
                / (refused + rest.Metrics[Metric.Operations]),
        };

        Task<Turn> TakeAsync(ISite site, TimeSpan time) => Turn.TakeAsync(site, time, cancellationToken);
    }
}
