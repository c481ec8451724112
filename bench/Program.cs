using System.CommandLine;
using Mall.Bench.HotStock;

var root = new RootCommand("Measures Mall: its parts in this process, or any installation through its front door.");
foreach (var benchmark in new Mall.Bench.Benchmark[] { new HotStockBenchmark() })
    root.Subcommands.Add(benchmark.ToCommand());
return await root.Parse(args).InvokeAsync();
