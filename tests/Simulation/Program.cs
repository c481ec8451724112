using System.Diagnostics;
using Mall.Simulation;

var watch = Stopwatch.StartNew();
var seed = int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture);
var world = new World(seed);
if (args.Length > 1) world.Listener = Console.WriteLine;
using var cluster = new Cluster(world, new ClusterOptions());
var market = new Market(cluster, new WorkloadOptions());
world.Run(() => false, TimeSpan.FromMinutes(20));
market.IsOpen = false;
world.Run(() => market.IsOver, TimeSpan.FromMinutes(20));
market.ThrowIfFailed();
Console.WriteLine($"{market.IsOver} {world.Now} hash {world.TraceHash:x} events {world.Events} asked {market.Journal.Entries.Count} answered {market.Journal.Entries.Count(e => e.Answer is not null)} in {watch.Elapsed}");
foreach (var (what, count) in cluster.Tally.Counts) Console.WriteLine($"{what}: {count}");
foreach (var what in market.Unforeseen) Console.WriteLine(what);
