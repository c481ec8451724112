using System.CommandLine;
using Mall.Bench.Load.Grpc;
using Mall.Bench.Load.Rest;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;

namespace Mall.Bench.Load;

/// <summary>
/// Orders through the front door of an installation. In a closed loop each connection places its next order when the last one
/// has been answered. In an open loop (<c>--rate</c>) orders are meant to start at an even rate whatever the mall does, a share
/// of them on each connection, and latency counts from when an order was meant to start: what a stall keeps waiting shows. The
/// timer that wakes a connection is up to a millisecond late, and that counts too.
/// </summary>
sealed class LoadBenchmark() : Benchmark("load", "Orders through the front door of any installation, over HTTP or gRPC.")
{
    static readonly Option<Uri?> s_url = Address("--url", "The front door over HTTP, such as http://127.0.0.1:8080.");
    static readonly Option<Uri?> s_grpc = Address("--grpc", "The front door over gRPC, such as http://127.0.0.1:8081.");
    static readonly Option<int> s_connections = RunOptions.AtLeastOne(
        "--connections", "Connections, each with one order under way.", 64);
    static readonly Option<int> s_calls = RunOptions.AtLeastOne(
        "--calls", "gRPC only: calls under way on each connection; --connections 4 --calls 16 costs the generator a third.", 1);
    static readonly Option<double?> s_rate = new("--rate")
    {
        Description = "Orders a second, all connections together, in an open loop; without it as many as go, in a closed loop.",
    };

    static readonly Option<int> s_users = RunOptions.AtLeastOne(
        "--users", "Customers that share the connections; registered first.", Stage.Customers);
    static readonly Option<int> s_products = RunOptions.AtLeastOne(
        "--products", "Products that are ordered; put on sale first.", 100);
    static readonly Option<int> s_items = RunOptions.AtLeastOne("--items", "Products of an order, one piece of each.", 1);
    static readonly Option<string?> s_token = new("--token")
    {
        Description = "Order as this customer, and register nobody. Needs --product.",
    };

    static readonly Option<long[]> s_product = new("--product")
    {
        Description = "Order these products, and put none on sale.",
        AllowMultipleArgumentsPerToken = true,
    };

    protected override IEnumerable<Option> Options =>
        [s_url, s_grpc, s_connections, s_calls, s_rate, s_users, s_products, s_items, s_token, s_product];

    protected override Option Secret => s_token;

    protected override string Durability => "the installation's; an order counts when it was answered as standing";

    protected override async Task<IReadOnlyList<Measurement>> MeasureAsync(
        ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var (name, door) = FrontDoorOf(options);
        using var closing = door;
        var stage = await StageOf(options, door, display, cancellationToken);
        var baskets = Basket.Choose(stage.Products, options.GetValue(s_items), seed: 1);
        var callers = options.GetValue(s_connections) * options.GetValue(s_calls);
        var tokens = Enumerable.Range(0, callers).Select(i => stage.Tokens[i % stage.Tokens.Count]);
        var clients = door.Connect(tokens, baskets).ToList();
        try
        {
            var orders = new OrderStream(clients, baskets.Count, options.GetValue(s_rate));
            var phase = new Phase(name, clients.Count, orders.PlaceAsync);
            var result = await phase.RunAsync(
                options.GetValue(RunOptions.Warmup), options.GetValue(RunOptions.Duration), display, cancellationToken);
            return [Measurement.From(name, [result])];
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
        }
    }

    static (string Name, IFrontDoor Door) FrontDoorOf(ParseResult options) =>
        (options.GetValue(s_url), options.GetValue(s_grpc)) switch
        {
            ({ }, null) when options.GetValue(s_calls) > 1 => throw new BenchmarkException("--calls is for gRPC"),
            ({ } url, null) => ("orders, HTTP", new RestFrontDoor(url)),
            (null, { } grpc) => ("orders, gRPC", new GrpcFrontDoor(grpc, options.GetValue(s_calls))),
            _ => throw new BenchmarkException("give either --url or --grpc"),
        };

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

    static async Task<Stage> StageOf(
        ParseResult options, IFrontDoor door, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var (token, products) = (options.GetValue(s_token), options.GetValue(s_product));
        if (token is not null && products is { Length: > 0 })
            return new Stage([token], products);
        if (token is not null)
            throw new BenchmarkException("--token needs --product: only a seller can put one on sale");
        display.Say("Registering customers and putting products on sale");
        var stage = await Stage.SetAsync(door, options.GetValue(s_users), options.GetValue(s_products), cancellationToken);
        return products is { Length: > 0 } ? stage with { Products = products } : stage;
    }
}
