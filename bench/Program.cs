using System.CommandLine;
using Mall.Bench;
using Mall.Bench.HotStock;
using Mall.Bench.Load;
using Mall.Bench.Orders;

var root = new RootCommand("Measures Mall: its parts in this process, or any installation through its front door.");
Benchmark[] benchmarks =
[
    new HotStockBenchmark(), new OrdersBenchmark(), new LoadBenchmark(),
];
foreach (var benchmark in benchmarks)
    root.Subcommands.Add(benchmark.ToCommand());
return await root.Parse(args).InvokeAsync();
