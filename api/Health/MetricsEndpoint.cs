using Prometheus;

namespace Mall.Api.Health;

/// <summary>Metrics for Prometheus at <c>/metrics</c>: Orleans', Kestrel's, the database driver's and our own.</summary>
public static class MetricsEndpoint
{
    /// <summary>Counts for all malls of this process, once.</summary>
    private static readonly Lazy<IDisposable> s_counting = new(() =>
    {
        // The runtime's meters say what its event counters say, and cost less. The adapter of meters that the library would start
        // itself begins with the first scrape, and what happened before would never be told.
        Metrics.SuppressDefaultMetrics(new SuppressDefaultMetricOptions { SuppressEventCounters = true, SuppressMeters = true });
        // A gauge whose name ends like a histogram's part, as some of the runtime and of drivers do, is none for Prometheus.
        return MeterAdapter.StartListening(new MeterAdapterOptions
        {
            InstrumentFilterPredicate = static instrument =>
                ShownInstruments.Include(instrument) && !instrument.Name.EndsWith(".count", StringComparison.Ordinal),
        });
    });

    /// <summary>For front doors and for silos that have none; open to anybody and always admitted.</summary>
    public static void MapMallMetrics(this IEndpointRouteBuilder routes)
    {
        _ = s_counting.Value;
        routes.MapMetrics().DisableRateLimiting().WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
    }
}
