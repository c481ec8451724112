using System.CommandLine;
using Mall.Bench.Hosting;
using Mall.Bench.Load;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;
using Mall.Orders;

namespace Mall.Bench.Orders;

/// <summary>
/// Whole order sagas in process: intent, order, stock of each item, outcome, all durable, without a front door. At the end the
/// database is audited; a run in which anything was lost or doubled gives no figures.
/// </summary>
sealed class OrdersBenchmark() : Benchmark("orders", "Whole order sagas in process, with an audit of the database at the end.")
{
    static readonly Option<int> s_callers = RunOptions.AtLeastOne("--callers", "Callers, each with one order under way.", 256);
    static readonly Option<int> s_users = RunOptions.AtLeastOne("--users", "Customers that share the callers.", 64);
    static readonly Option<int> s_products = RunOptions.AtLeastOne("--products", "Products that are ordered.", 100);
    static readonly Option<int> s_items = RunOptions.AtLeastOne("--items", "Products of an order, one piece of each.", 1);

    string _durability = "";

    protected override IEnumerable<Option> Options => [s_callers, s_users, s_products, s_items, RunOptions.Folder];

    protected override string Durability => _durability;

    protected override async Task<IReadOnlyList<Measurement>> MeasureAsync(
        ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
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
}
