using Mall.Bench;
using Mall.Bench.Footprint;
using Mall.Bench.HotStock;
using Mall.Bench.Orders;
using Mall.Bench.Rush;
using Mall.Bench.Transactions;

var root = new RootCommand("Measures Mall: builds side by side, any installation through its front door, or a grain alone.");
Benchmark[] benchmarks =
    [
        new LoadBenchmark(), new OrdersBenchmark(), new RushBenchmark(), new FootprintBenchmark(), new HotStockBenchmark(),
        new TransactionsBenchmark(),
    ];
foreach (var benchmark in benchmarks)
    root.Subcommands.Add(benchmark.ToCommand());
return await root.Parse(args).InvokeAsync();
