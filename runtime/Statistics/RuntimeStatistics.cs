using System.Diagnostics.Metrics;

namespace Mall.Runtime;

/// <summary>Adds up what activations and classes have counted; publishes it as metrics, too.</summary>
internal sealed class RuntimeStatistics : IRuntimeStatistics, IDisposable
{
    private readonly SiloRuntime _runtime;
    private readonly Meter _meter;
    private readonly long _start;

    public RuntimeStatistics(SiloRuntime runtime, IMeterFactory meters)
    {
        _runtime = runtime;
        _start = runtime.Time.GetTimestamp();
        _meter = meters.Create(CallTracing.Name);
        _meter.CreateObservableUpDownCounter(
            "mall.runtime.activations", Activations, "{activation}", "Grains in memory, by type");
        _meter.CreateObservableCounter("mall.runtime.activated", Activated, "{activation}", "Activations ever made, by type");
        _meter.CreateObservableCounter("mall.runtime.calls", Calls, "{call}", "Calls that have started, by type");
        _meter.CreateObservableGauge(
            "mall.runtime.call.queue_time", QueueTimes, "s", "Mean time from sending to start, sampled, by type");
        _meter.CreateObservableGauge(
            "mall.runtime.call.time", TotalTimes, "s", "Mean time from sending to answer, sampled, by type");
        _meter.CreateObservableUpDownCounter(
            "mall.runtime.mailbox.waiting", () => CountWaiting(), "{request}", "Requests in mailboxes");
    }

    public SiloStatistics Take()
    {
        var live = CountLiveCalls();
        var all = _runtime.Classes.Select(c => Of(c, live))
            .OrderByDescending(t => t.Calls)
            .ThenBy(t => t.GrainType, StringComparer.Ordinal)
            .ToArray();
        return new SiloStatistics(
            _runtime.Self, _runtime.Options.SiloName, _runtime.Time.GetElapsedTime(_start),
            all.Sum(t => t.Activations), all.Sum(t => t.Calls), CountWaiting(), [.. all], _runtime.Sweeper.Hottest.Published);
    }

    public void Dispose() => _meter.Dispose();

    private GrainTypeStatistics Of(GrainClass grainClass, Dictionary<GrainClass, long> liveCalls)
    {
        var timing = grainClass.Timing;
        return new GrainTypeStatistics(
            grainClass.Type.Name, grainClass.Implementation.FullName!, timing.Alive, timing.Activated,
            timing.RetiredCalls + liveCalls.GetValueOrDefault(grainClass),
            Span(timing.MeanQueueTicks), Span(timing.MeanTotalTicks));
    }

    private TimeSpan Span(double ticks) => TimeSpan.FromSeconds(ticks / _runtime.Time.TimestampFrequency);

    private Dictionary<GrainClass, long> CountLiveCalls()
    {
        var calls = new Dictionary<GrainClass, long>();
        foreach (var activation in _runtime.Catalog.All)
            calls[activation.Class] = calls.GetValueOrDefault(activation.Class) + activation.Calls;
        return calls;
    }

    private long CountWaiting() => _runtime.Catalog.All.Sum(a => (long)a.QueueLength);

    private IEnumerable<Measurement<long>> Calls() => Measure(t => t.Calls);

    private IEnumerable<Measurement<long>> Activations() => Measure(t => t.Activations);

    private IEnumerable<Measurement<long>> Activated() => Measure(t => t.Activated);

    private IEnumerable<Measurement<double>> QueueTimes() => Measure(t => t.MeanQueueTime.TotalSeconds);

    private IEnumerable<Measurement<double>> TotalTimes() => Measure(t => t.MeanTotalTime.TotalSeconds);

    private IEnumerable<Measurement<T>> Measure<T>(Func<GrainTypeStatistics, T> value) where T : struct =>
        Take().GrainTypes.Select(
            t => new Measurement<T>(value(t), KeyValuePair.Create<string, object?>("grain.type", t.GrainType)));
}
