using System.CommandLine;
using Mall.Bench.Hosting;
using Mall.Bench.Load;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;
using Mall.Orders;
using Mall.TestServers;

namespace Mall.Bench.Orders;

/// <summary>
/// Whole order sagas: intent, order, stock of each item, outcome, all durable. In this process without a front door, on SQLite;
/// or, with <c>--db</c>, as <see cref="ServerOrders"/>. At the end the database is audited; a run in which anything was lost or
/// doubled gives no figures.
/// </summary>
sealed class OrdersBenchmark() : Benchmark(
    "orders", "Whole order sagas, in process or on a database server beside the DTM pattern, with an audit at the end.")
{
    static readonly Option<string?> s_db = Server();
    static readonly Option<int[]> s_silos = SiloCounts();
    static readonly Option<int> s_rounds = RunOptions.AtLeastOne(
        "--rounds", "With --db: how often mall and baseline take turns, so that a slow moment of the disk meets both.", 3);
    static readonly Option<int?> s_baselineCallers = new("--baseline-callers")
    {
        Description = "With --db: workers of the baseline, a connection each; as many as callers if nothing is said.",
        Validators =
        {
            result =>
            {
                if (result.GetValueOrDefault<int?>() < 1)
                    result.AddError("--baseline-callers must be at least 1.");
            },
        },
    };

    static readonly Option<bool> s_noBaseline = new("--no-baseline") { Description = "With --db: measure the mall alone." };
    static readonly Option<int> s_callers = RunOptions.AtLeastOne(
        "--callers", "Callers, each with one order under way; with --db 64 if nothing is said.", 256);
    static readonly Option<int> s_users = RunOptions.AtLeastOne(
        "--users", "Customers that share the callers; with --db there are 8.", 64);
    static readonly Option<int> s_products = RunOptions.AtLeastOne("--products", "Products that are ordered.", 100);
    static readonly Option<int> s_items = RunOptions.AtLeastOne("--items", "Products of an order, one piece of each.", 1);

    const int CallersOfServer = 64;

    string _durability = "";

    protected override IEnumerable<Option> Options => 
    [
        s_db, s_silos, s_rounds, s_noBaseline, s_callers, s_baselineCallers, s_users, s_products, s_items, RunOptions.Folder,
    ];

    protected override string Durability => _durability;

    protected override async Task<IReadOnlyList<Measurement>> MeasureAsync(
        ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        if (ServerOrdersOf(options) is { } onServer)
        {
            var (first, all) = (options.GetValue(RunOptions.Warmup), options.GetValue(RunOptions.Duration));
            var measured = await onServer.MeasureAsync(first, all, display, cancellationToken);
            _durability = onServer.Durability;
            return measured;
        }

        using var folder = BenchFolder.CreateBelow(options.GetValue(RunOptions.Folder)!, display);
        var file = folder.File("orders.db");
        Measurement orders;
        await using (var mall = await LocalMall.OpenAsync(file, cancellationToken))
        {
            _durability = $"SQLite, synchronous={await mall.SynchronousAsync()}; {folder.FileSystem}";
            var users = new List<long>();
            for (var i = 0; i < options.GetValue(s_users); i++)
                users.Add(await mall.RegisterAsync(FormattableString.Invariant($"{19_900_000_000 + i}")));
            var products = await mall.SellAsync(users[0], options.GetValue(s_products), LocalMall.Plenty);
            var baskets = Basket.Choose(products, options.GetValue(s_items), seed: 1).Select(LinesOf).ToList();

            var phase = new Phase("orders", options.GetValue(s_callers), caller =>
                PlaceAsync(mall.Grains, users[caller.Index % users.Count], baskets, caller));
            var (warmup, duration) = (options.GetValue(RunOptions.Warmup), options.GetValue(RunOptions.Duration));
            orders = Measurement.From("orders", [await phase.RunAsync(warmup, duration, display, cancellationToken)]);
        }

        StockBooks.ExpectStockConserved(file, LocalMall.Plenty, (long)orders.Metrics[Metric.Operations]);
        return [orders];
    }

    static async Task PlaceAsync(IGrainFactory grains, long user, List<ImmutableArray<OrderLine>> baskets, Caller caller)
    {
        var run = Guid.NewGuid().ToString("N");
        for (var i = 0; caller.GoesOn; i++)
        {
            var lines = baskets[(caller.Index + i) % baskets.Count];
            var saga = grains.GetGrain<IOrderSagaGrain>($"order-{run}-{i}");
            var order = await saga.Place(new PlaceOrder(user, lines, RequestHash: null));
            if (order.IsRefused)
                caller.Failed($"{order.Refusal.Code}");
            else
                caller.Succeeded();
        }
    }

    static ImmutableArray<OrderLine> LinesOf(Basket basket) => [.. basket.Products.Select(id => new OrderLine(id, Quantity: 1))];

    /// <summary>Null when it is to be in process.</summary>
    static ServerOrders? ServerOrdersOf(ParseResult options)
    {
        if (options.GetValue(s_db) is not { } db)
            return null;
        var callers = options.GetResult(s_callers) is { Implicit: false } ? options.GetValue(s_callers) : CallersOfServer;
        return new ServerOrders(
            Enum.Parse<DatabaseKind>(db, ignoreCase: true), options.GetValue(s_silos)!, callers,
            options.GetValue(s_products), options.GetValue(s_items), options.GetValue(s_rounds),
            BaselineCallers: options.GetValue(s_noBaseline) ? 0 : options.GetValue(s_baselineCallers) ?? callers);
    }

    static Option<string?> Server()
    {
        var option = new Option<string?>("--db")
        {
            Description = "Start this server in a temporary folder, silos and a front door on it, and the baseline beside them.",
        };
        return option.AcceptOnlyFromAmong("postgres", "mariadb");
    }

    /// <summary>Numbers with commas between.</summary>
    static Option<int[]> SiloCounts() => new("--silos")
    {
        Description = "With --db: how many silos there are; with several numbers, such as 1,3, a cluster of each takes turns.",
        DefaultValueFactory = _ => [1],
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (TryParseCounts(text, out var counts))
                return counts;
            result.AddError($"--silos takes different numbers from 1 to 9 such as 3 or 1,3, not '{text}'.");
            return [];
        },
    };

    internal static bool TryParseCounts(string text, out int[] counts)
    {
        var parts = text.Split(',');
        counts = [.. parts.Where(p => p is [>= '1' and <= '9']).Select(p => p[0] - '0')];
        return counts.Length == parts.Length && counts.Distinct().Count() == counts.Length;
    }
}
