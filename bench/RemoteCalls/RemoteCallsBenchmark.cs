using System.CommandLine;
using System.Security.Cryptography;
using Mall.Bench.GrainCalls;
using Mall.Bench.Hosting;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;
using Mall.TestServers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Bench.RemoteCalls;

/// <summary>
/// Calls from this process to grains of another silo, in a process of its own on this machine. Both share the processors, so what
/// a call costs both of them is what bounds the figure.
/// </summary>
sealed class RemoteCallsBenchmark() : Benchmark(
    "remote-calls", "Calls between two silo processes on this machine, over TCP with the transport that production has.")
{
    static readonly Option<int[]> s_callers = new("--callers")
    {
        Description = "Callers, each with one call under way; a phase for each number given.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [64, 256],
    };

    static readonly Option<int> s_grains = RunOptions.AtLeastOne(
        "--grains", "How many grains of the other process the callers go round. One puts all turns one after the other.", 1000);

    protected override IEnumerable<Option> Options => [s_callers, s_grains];

    protected override string Durability =>
        "none: nothing is stored; membership is a fixed table of two, the rest as in production";

    protected override async Task<IReadOnlyList<Measurement>> MeasureAsync(
        ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var (self, other) = (FreePorts.TakeEndpoint(), FreePorts.TakeEndpoint());
        var secret = RandomNumberGenerator.GetHexString(32);
        await using var process = await OtherProcess.StartAsync(other, self, secret, cancellationToken);
        using var host = PairSilo.Build(self, self, other, secret);
        await host.StartAsync(cancellationToken);

        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var theirs = GrainsOf(other, host.Services, key => grains.GetGrain<IEchoGrain>(key))
            .Take(options.GetValue(s_grains))
            .ToArray();
        var figures = GrainsOf(other, host.Services, key => grains.GetGrain<IProcessFiguresGrain>(key)).First();
        var measurements = new List<Measurement>();
        foreach (var callers in options.GetValue(s_callers)!)
        {
            var phase = new Phase($"{callers} callers", callers, caller => CallAsync(theirs, caller));
            measurements.Add(await MeasureAsync(phase, figures, options, display, cancellationToken));
        }

        await host.StopAsync(cancellationToken);
        return measurements;
    }

    static async Task<Measurement> MeasureAsync(
        Phase phase, IProcessFiguresGrain other, ParseResult options, ProgressDisplay display,
        CancellationToken cancellationToken)
    {
        var warmup = phase with { Name = $"{phase.Name} (warm-up)" };
        await warmup.RunAsync(TimeSpan.Zero, options.GetValue(RunOptions.Warmup), display, cancellationToken);
        var (here, there) = (FigureCounter.Take(), await other.Take());
        var result = await phase.RunAsync(TimeSpan.Zero, options.GetValue(RunOptions.Duration), display, cancellationToken);
        return RemoteCost.AddTo(
            Measurement.From(phase.Name, [result]), FigureCounter.Take().Since(here), (await other.Take()).Since(there));
    }

    /// <summary>Grains by keys that the silo at the endpoint owns, as many as are asked for.</summary>
    static IEnumerable<T> GrainsOf<T>(string endpoint, IServiceProvider services, Func<long, T> grain)
        where T : IGrainWithIntegerKey
    {
        var placement = services.GetRequiredService<IPlacement>();
        var view = services.GetRequiredService<IMembership>().Current;
        for (var key = 0L; ; key++)
        {
            var reference = grain(key);
            if (placement.OwnerOf(reference.GetGrainId(), view)?.Endpoint == endpoint)
                yield return reference;
        }
    }

    /// <summary>Goes round the grains, each caller from another place: where there are many they seldom meet at one.</summary>
    static async Task CallAsync(IEchoGrain[] grains, Caller caller)
    {
        for (var next = caller.Index * 17 % grains.Length; caller.GoesOn; next = (next + 1) % grains.Length)
        {
            if (await grains[next].Echo(next) == next)
                caller.Succeeded();
            else
                caller.Failed("wrong answer");
        }
    }
}
