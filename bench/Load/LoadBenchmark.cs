using System.CommandLine;
using Mall.Bench.Hosting;
using Mall.Bench.Measuring;

namespace Mall.Bench.Load;

/// <summary>
/// Orders through a front door. In a closed loop each connection places its next order when the last one has been answered. In
/// an open loop (<c>--rate</c>) orders are meant to start at an even rate whatever the mall does, a share of them on each
/// connection, and latency counts from when an order was meant to start: what a stall keeps waiting shows. The timer that wakes
/// a connection is up to a millisecond late, and that counts too.
/// </summary>
sealed class LoadBenchmark() : Benchmark(
    "load", "Orders over HTTP and gRPC, on a mall of one process on SQLite, or on any installation.")
{
    static readonly Option<Uri?> s_url = Address("--url", "An installation's front door over HTTP, in place of a mall of our own.");
    static readonly Option<Uri?> s_grpc = Address("--grpc", "With --url: the same over gRPC.");
    static readonly Option<string> s_protocol = new Option<string>("--protocol")
    {
        Description = "What orders go over.",
        DefaultValueFactory = _ => "both",
    }.AcceptOnlyFromAmong("http", "grpc", "both");

    static readonly Option<int> s_calls = RunOptions.AtLeastOne(
        "--calls", "gRPC only: how many callers share a connection, as they do where a gRPC client is in earnest.", 1);
    static readonly Option<double?> s_rate = new("--rate")
    {
        Description = "Orders a second, all callers together, in an open loop; without it as many as go, in a closed loop.",
    };

    protected override IEnumerable<Option> Options =>
    [
        s_url, s_grpc, s_protocol, s_calls, s_rate,
        .. MallBuild.Options, .. OrderLoad.Options, .. RunOptions.OfTurns, RunOptions.Folder,
    ];

    protected override async Task<Findings> MeasureAsync(ParseResult options, CancellationToken cancellationToken)
    {
        var load = OrderLoad.Of(options, options.GetValue(s_calls), options.GetValue(s_rate));
        var protocol = options.GetValue(s_protocol);
        var overHttp = protocol != "grpc";
        var overGrpc = protocol != "http";
        if (options.GetValue(s_url) is { } url)
        {
            var grpc = options.GetValue(s_grpc);
            return await CompareAsync(options, [.. Protocols(overHttp, overGrpc && grpc is not null)
                .Select(p => new Contestant(
                    p.Name, cancel => OrderSite.OpenAsync(new FrontDoor(url, p.IsGrpc ? grpc : null), load, null, cancel)))], cancellationToken);
        }

        using var folder = new BenchFolder(options.GetValue(RunOptions.Folder)!);
        return await CompareAsync(options, [
            .. from p in Protocols(overHttp, overGrpc)
               from build in MallBuild.Of(options)
               select new Contestant(p.Name + build.Suffix, cancel => OpenAsync(build, folder, p.IsGrpc, load, cancel))], cancellationToken);
    }

    static async Task<ISite> OpenAsync(
        MallBuild build, BenchFolder folder, bool isGrpc, OrderLoad load, CancellationToken cancellationToken)
    {
        var mall = await Installation.StartAsync(build, folder.NewFile(), folder.FileSystem);
        return await OrderSite.OpenAsync(new FrontDoor(mall.Rest, isGrpc ? mall.Grpc : null), load, mall, cancellationToken);
    }

    static IEnumerable<(string Name, bool IsGrpc)> Protocols(bool http, bool grpc) =>
        new[] { ("orders, HTTP", false), ("orders, gRPC", true) }.Where(p => p.Item2 ? grpc : http);

    static async Task<Findings> CompareAsync(
        ParseResult options, IReadOnlyList<Contestant> contestants, CancellationToken cancellationToken)
    {
        var findings = await RunOptions.TakeTurnsAsync(contestants, options, cancellationToken);
        return findings with
        {
            Durability = $"{findings.Durability}; an order counts when it was answered as standing",
            Measurements = [.. MallBuild.WithRatios(findings.Measurements, Metric.PerSecond, Metric.CpuOfMall, Metric.P50, Metric.P99)],
        };
    }

    /// <summary>An option for an address. It ends in a slash, or a path added to it would replace its last part.</summary>
    static Option<Uri?> Address(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (Uri.TryCreate(text.TrimEnd('/') + '/', UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
                return uri;
            result.AddError($"{name} takes an address such as http://127.0.0.1:8080, not '{text}'.");
            return null;
        },
    };
}
