namespace Mall.Bench.Footprint;

/// <summary>
/// What a mall of one process on SQLite needs: from its start to its first answered order, on a database that is there already;
/// and memory, at rest after that order and at rest after many.
/// </summary>
sealed class FootprintBenchmark() : Benchmark(
    "footprint", "Start-up to the first order, and memory at rest, of a mall of one process on SQLite.")
{
    const string StartUp = "startToFirstOrderMs";
    const string AtStart = "residentAfterStartMiB";
    const string AfterOrders = "residentAfterOrdersMiB";

    static readonly Option<int> s_orders = RunOptions.AtLeastOne(
        "--orders", "How many orders are placed before memory is looked at again.", 100_000);
    static readonly Option<double> s_rest = RunOptions.Seconds(
        "--rest", "How many seconds the mall is left alone before memory is looked at.", 5);

    protected override IEnumerable<Option> Options =>
        [s_orders, s_rest, .. MallBuild.Options, .. OrderLoad.Options, RunOptions.Rounds, RunOptions.Folder];

    protected override async Task<Findings> MeasureAsync(ParseResult options, CancellationToken cancellationToken)
    {
        using var folder = new BenchFolder(options.GetValue(RunOptions.Folder)!);
        var (builds, rounds) = (MallBuild.Of(options), options.GetValue(RunOptions.Rounds));
        var found = builds.ToDictionary(b => b, _ => new List<Dictionary<string, double>>());
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var build in builds)
            {
                await Console.Error.WriteLineAsync($"Round {round} of {rounds}: footprint{build.Suffix}");
                found[build].Add(await MeasureAsync(build, folder, options, cancellationToken));
            }
        }

        var measured = builds.Select(build => Measurement.Figures(
            $"footprint{build.Suffix}",
            found[build][0].Keys.ToDictionary(name => name, name => Measurement.Median(found[build].Select(f => f[name])))));
        return new Findings(
            $"SQLite as the mall sets it, {folder.FileSystem}",
            [.. MallBuild.WithRatios([.. measured], StartUp, AtStart, AfterOrders)]);
    }

    static async Task<Dictionary<string, double>> MeasureAsync(
        MallBuild build, BenchFolder folder, ParseResult options, CancellationToken cancellationToken)
    {
        var (load, file, rest) = (OrderLoad.Of(options), folder.NewFile(), TimeSpan.FromSeconds(options.GetValue(s_rest)));
        Stage stage;
        await using (var first = await Installation.StartAsync(build, file, folder.FileSystem))
        {
            stage = await Stage.SetAsync(first.Rest, load.Products, cancellationToken);
            await first.StopAsync();
        }

        var start = Stopwatch.GetTimestamp();
        await using var mall = await Installation.StartAsync(build, file, folder.FileSystem);
        await using var site = new OrderSite(mall.Rest, grpc: null, stage, load, mall);
        await site.PlaceAsync(orders: 1);
        var figures = new Dictionary<string, double> { [StartUp] = Stopwatch.GetElapsedTime(start).TotalMilliseconds };
        await Task.Delay(rest, cancellationToken);
        figures[AtStart] = await mall.Door.ResidentMiBAsync();
        await site.PlaceAsync(options.GetValue(s_orders));
        await Task.Delay(rest, cancellationToken);
        figures[AfterOrders] = await mall.Door.ResidentMiBAsync();
        await site.AuditAsync(options.GetValue(s_orders) + 1, cancellationToken);
        return figures;
    }
}
