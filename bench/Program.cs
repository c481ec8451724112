using System.CommandLine;
using Mall.Bench.HotStock;
using Mall.Bench.Load;

var root = new RootCommand("Measures Mall: its parts in this process, or any installation through its front door.");
foreach (var benchmark in new Mall.Bench.Benchmark[] { new HotStockBenchmark(), new LoadBenchmark() })
    root.Subcommands.Add(benchmark.ToCommand());
return await root.Parse(args).InvokeAsync();
