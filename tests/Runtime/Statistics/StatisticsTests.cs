using System.Diagnostics.Metrics;
using Mall.Runtime.Tests.Activations;
using Mall.Runtime.Tests.Calls;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime.Tests.Statistics;

public class StatisticsTests
{
    [Fact]
    public void Take_TellsCallsActivationsTimesAndTheHottestGrains() => TestSilo.Simulate(async silo =>
    {
        for (var key = 1; key <= 30; key++)
        {
            var grain = silo.Grains.GetGrain<ICounterGrain>(key);
            for (var call = 0; call < key; call++) await grain.Add(1);
        }

        var hold = silo.Grains.GetGrain<IPlainTurnGrain>("g").Write("hold");
        var waiting = silo.Grains.GetGrain<IPlainTurnGrain>("g").Write("hold");
        await silo.Pass(TimeSpan.FromSeconds(1.5));
        var statistics = silo.Statistics;
        var counters = statistics.GrainTypes[0];
        Assert.Equal("counter", counters.GrainType);
        Assert.Equal((30, 30, 30 * 31 / 2), (counters.Activations, counters.Activated, counters.Calls));
        Assert.Equal(31, statistics.Activations);
        Assert.Equal(1, statistics.Waiting);
        Assert.Equal("counter/30", statistics.HottestGrains[0].GrainId.ToString());
        Assert.Equal(20, statistics.HottestGrains.Length);
        Assert.Equal(statistics.HottestGrains.OrderByDescending(g => g.CallsPerSecond), statistics.HottestGrains);

        silo.Probe.Open("hold");
        await Task.WhenAll(hold, waiting);
        var turns = silo.Statistics.GrainTypes.Single(t => t.GrainType == "plainturn");
        Assert.Equal(TimeSpan.FromSeconds(1.5), turns.MeanTotalTime);
        Assert.Equal(TimeSpan.FromSeconds(0.75), turns.MeanQueueTime); // The second waited for the first.

        await silo.Pass(TimeSpan.FromMinutes(16));
        counters = silo.Statistics.GrainTypes[0];
        Assert.Equal((0, 30, 30 * 31 / 2), (counters.Activations, counters.Activated, counters.Calls)); // Ended ones still count.
    });

    [Fact]
    public async Task Metrics_TellTheSame()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.Grains.GetGrain<ICounterGrain>(1).Add(1);
        var calls = 0L;
        using var listener = new MeterListener();
        var factory = silo.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Scope == factory && instrument.Name == "mall.runtime.calls")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags[0].Value is "counter") calls += value;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.Equal(1, calls);
    }
}
