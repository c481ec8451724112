using Prometheus;

namespace Mall.Api.Health;

/// <summary>Metrics for Prometheus at <c>/metrics</c>: Orleans', Kestrel's, the database driver's and our own.</summary>
public static class MetricsEndpoint
{
    /// <summary>For front doors and for silos that have none; open to anybody and always admitted.</summary>
    public static void MapMallMetrics(this IEndpointRouteBuilder routes)
    {
        // The runtime's meters say what its event counters say, and cost less.
        Metrics.SuppressDefaultMetrics(new SuppressDefaultMetricOptions { SuppressEventCounters = true });
        // A gauge whose name ends like a histogram's part, as some of the runtime and of drivers do, is none for Prometheus.
        Metrics.ConfigureMeterAdapter(adapter => adapter.InstrumentFilterPredicate =
            static instrument =>
                ShownInstruments.Include(instrument) && !instrument.Name.EndsWith(".count", StringComparison.Ordinal));
        routes.MapMetrics().DisableRateLimiting().WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]));
    }
}
