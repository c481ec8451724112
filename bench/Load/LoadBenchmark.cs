namespace Mall.Bench.Load;

/// <summary>
/// Orders through a front door. In a closed loop each caller places its next order when the last one has been answered. In an
/// open loop (<c>--rate</c>) orders are meant to start at an even rate whatever the mall does, and latency counts from when an
/// order was meant to start: what a stall keeps waiting shows. The timer that wakes a caller is up to a millisecond late, and
/// that counts too.
/// </summary>
sealed class LoadBenchmark() : Benchmark(
    "load", "Orders over HTTP and gRPC, on a mall of one process on SQLite, or on any installation.")
{
    static readonly Option<string?> s_url = new("--url")
    {
        Description = "The front door of an installation, such as http://127.0.0.1:8080, in place of a mall of our own.",
    };

    static readonly Option<string?> s_grpc = new("--grpc")
    {
        Description = "With --url: the same over gRPC; without it, HTTP alone.",
    };

    static readonly Option<string[]> s_protocol = new Option<string[]>("--protocol")
    {
        Description = "What orders go over.",
        DefaultValueFactory = _ => ["HTTP", "gRPC"],
        AllowMultipleArgumentsPerToken = true,
    }.AcceptOnlyFromAmong("HTTP", "gRPC");

    static readonly Option<int> s_calls = RunOptions.AtLeastOne(
        "--calls", "gRPC only: how many callers share a connection, as they do where a gRPC client is in earnest.", 1);
    static readonly Option<double?> s_rate = new("--rate")
    {
        Description = "Orders a second, all callers together, in an open loop; without it as many as go, in a closed loop.",
    };

    static readonly Option<bool> s_watched = new("--watched")
    {
        Description = "What it costs to be watched: the mall with traces at 1 %, metrics and logs by OTLP, and /metrics read "
            + "every five seconds, in turns with the same mall unwatched (versus).",
    };

    protected override IEnumerable<Option> Options =>
    [
        s_url, s_grpc, s_protocol, s_calls, s_rate, s_watched,
        .. MallBuild.Options, .. OrderLoad.Options, .. RunOptions.OfTurns, RunOptions.Folder,
    ];

    protected override async Task<Findings> MeasureAsync(ParseResult options, CancellationToken cancellationToken)
    {
        var load = OrderLoad.Of(options, options.GetValue(s_calls), options.GetValue(s_rate));
        var (url, grpc) = (AddressOf(options.GetValue(s_url)), AddressOf(options.GetValue(s_grpc)));
        if (url is not null && options.GetValue(s_watched)) throw new BenchmarkException("--watched is for a mall of our own");
        var protocols = options.GetValue(s_protocol)!;
        if (url is not null && grpc is null)
        {
            if (options.GetResult(s_protocol) is { Implicit: false } && protocols.Contains("gRPC"))
                throw new BenchmarkException("give --grpc, or --protocol HTTP");
            protocols = ["HTTP"];
        }

        using var folder = url is null ? new BenchFolder(options.GetValue(RunOptions.Folder)!) : null;
        await using var watcher = options.GetValue(s_watched) ? await Watcher.OpenAsync(cancellationToken) : null;
        IReadOnlyList<MallBuild> builds = url is not null ? [MallBuild.Own]
            : watcher is null ? MallBuild.Of(options) : MallBuild.Of(options)[^1].With(watcher.Settings);
        var findings = await RunOptions.TakeTurnsAsync(
            [
                .. from protocol in protocols
                   from build in builds
                   select new Contestant(
                       $"orders, {protocol}{build.Suffix}", cancel => OpenAsync(protocol == "gRPC", build, cancel)),
            ],
            options,
            cancellationToken);
        return new Findings(
            $"{findings.Durability}; an order counts when it was answered as standing",
            [.. MallBuild.WithRatios(findings.Measurements, Metric.PerSecond, Metric.CpuOfMall, Metric.P50, Metric.P99)]);

        async Task<ISite> OpenAsync(bool overGrpc, MallBuild build, CancellationToken cancel)
        {
            var mall = folder is null ? null : await Installation.StartAsync(build, folder.NewFile(), folder.FileSystem);
            if (watcher is not null) watcher.Mall = build.Settings.Length > 0 ? mall?.Rest : null;
            var door = overGrpc ? mall?.Grpc ?? grpc : null;
            return await OrderSite.OpenAsync(mall?.Rest ?? url!, door, load, mall, cancel);
        }
    }

    /// <summary>It ends in a slash, or a path added to it would replace its last part.</summary>
    static Uri? AddressOf(string? text) => text is null ? null
        : Uri.TryCreate(text.TrimEnd('/') + '/', UriKind.Absolute, out var address) ? address
        : throw new BenchmarkException($"'{text}' is not an address such as http://127.0.0.1:8080");
}
