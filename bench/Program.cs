using System.CommandLine;
using Mall.Bench;
using Mall.Bench.GrainCalls;
using Mall.Bench.HotStock;
using Mall.Bench.Load;
using Mall.Bench.Orders;
using Mall.Bench.RemoteCalls;

var root = new RootCommand("Measures Mall: its parts in this process, or any installation through its front door.");
Benchmark[] benchmarks =
[
    new GrainCallsBenchmark(), new RemoteCallsBenchmark(), new HotStockBenchmark(), new OrdersBenchmark(), new LoadBenchmark(),
];
foreach (var benchmark in benchmarks)
    root.Subcommands.Add(benchmark.ToCommand());
root.Subcommands.Add(PairSilo.Command());
return await root.Parse(args).InvokeAsync();
