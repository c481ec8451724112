using System.CommandLine;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Bench.GrainCalls;

/// <summary>
/// Calls within one silo: to one grain, whose turns are one after the other, to many grains, and to grains that are not active
/// yet. Nothing is stored.
/// </summary>
sealed class GrainCallsBenchmark() : Benchmark(
    "grain-calls", "Calls within one silo: to one grain, to many, and to grains that have to be activated.")
{
    static readonly Option<int> s_callers = RunOptions.AtLeastOne("--callers", "Callers, each with one call under way.", 64);
    static readonly Option<int> s_grains = RunOptions.AtLeastOne(
        "--grains", "How many grains the callers of the second phase go round.", 1000);

    /// <summary>Keys of grains that were never called. Far from those of the other phases.</summary>
    long _nextUnusedKey = 1L << 40;

    protected override IEnumerable<Option> Options => [s_callers, s_grains];

    protected override string Durability => "none: nothing is stored";

    protected override async Task<IReadOnlyList<Measurement>> MeasureAsync(
        ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
#if ORLEANS
        builder.UseOrleans(silo => silo.UseLocalhostClustering());
#else
        builder.UseMallRuntime(_ => { });
#endif
        using var host = builder.Build();
        await host.StartAsync(cancellationToken);
        var grains = host.Services.GetRequiredService<IGrainFactory>();

        var one = grains.GetGrain<IEchoGrain>(0);
        var many = Enumerable.Range(1, options.GetValue(s_grains)).Select(key => grains.GetGrain<IEchoGrain>(key)).ToArray();
        var measurements = new List<Measurement>
        {
            await MeasureAsync("1 grain", caller => CallAsync([one], caller)),
            await MeasureAsync($"{many.Length:N0} grains", caller => CallAsync(many, caller)),
            await MeasureAsync("activations", caller => ActivateAsync(grains, caller)),
        };
        await host.StopAsync(cancellationToken);
        return measurements;

        async Task<Measurement> MeasureAsync(string name, Func<Caller, Task> body)
        {
            var phase = new Phase(name, options.GetValue(s_callers), body);
            var (warmup, duration) = (options.GetValue(RunOptions.Warmup), options.GetValue(RunOptions.Duration));
            var result = await phase.RunAsync(warmup, duration, display, cancellationToken);
            return Measurement.From(name, [result]);
        }
    }

    /// <summary>Goes round the grains, each caller from another place: where there are many they seldom meet at one.</summary>
    static async Task CallAsync(IEchoGrain[] grains, Caller caller)
    {
        for (var next = caller.Index * 17 % grains.Length; caller.GoesOn; next = (next + 1) % grains.Length)
        {
            await grains[next].Echo(next);
            caller.Succeeded();
        }
    }

    /// <summary>Every call meets a grain that is not active. Looking up the reference is part of it.</summary>
    async Task ActivateAsync(IGrainFactory grains, Caller caller)
    {
        while (caller.GoesOn)
        {
            await grains.GetGrain<IEchoGrain>(Interlocked.Increment(ref _nextUnusedKey)).Echo(1);
            caller.Succeeded();
        }
    }
}
