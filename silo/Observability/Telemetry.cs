using Mall.Api.Health;
using Mall.Tracing;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Diagnostics;

namespace Mall.Silo.Observability;

/// <summary>
/// Traces, metrics and logs by OTLP. Without the setting <c>otlp</c> none of it is there, and no request pays for it; what
/// <c>/metrics</c> shows does not depend on it.
/// </summary>
internal static class Telemetry
{
    public static void AddTelemetry(this WebApplicationBuilder builder, MallSettings settings)
    {
        if (settings.Telemetry.Otlp is not { } otlp) return;
        builder.Services.AddOpenTelemetry()
            .UseOtlpExporter(OpenTelemetry.Exporter.OtlpExportProtocol.Grpc, otlp)
            .ConfigureResource(resource => resource.AddService(
                settings.Roles.HasFlag(Roles.Silo) ? "mall-silo" : "mall-front-door", serviceNamespace: "mall",
                serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(),
                serviceInstanceId: settings.Cluster?.Silo?.ToString() ?? settings.Http.ToString()))
            .WithTracing(traces => traces
                .SetSampler(new LinkedSampler(
                    new ParentBasedSampler(new TraceIdRatioBasedSampler(settings.Telemetry.TraceRatio))))
                .AddAspNetCoreInstrumentation(web => web.Filter = static http => !IsProbe(http.Request.Path))
                .AddHttpClientInstrumentation()
                .AddSource(ActivitySources.ApplicationGrainActivitySourceName, LedgerTracing.SourceName, LaterTraces.SourceName))
            .WithMetrics(metrics => metrics
                .AddMeter("mall", "Microsoft.Orleans", "Microsoft.AspNetCore.*", "System.Runtime", "Npgsql", "MySqlConnector")
                .AddView(instrument => ShownInstruments.Include(instrument) ? null : MetricStreamConfiguration.Drop))
            .WithLogging(null, logs => (logs.IncludeFormattedMessage, logs.IncludeScopes) = (true, false));
    }

    /// <summary>From a request through every grain call to whatever it causes.</summary>
    public static void PropagateTraces(this ISiloBuilder silo, MallSettings settings)
    {
        if (settings.Telemetry.Otlp is null) return;
        silo.AddActivityPropagation();
        TracedCalls.Wrap(silo.Services);
    }

    /// <inheritdoc cref="PropagateTraces(ISiloBuilder, MallSettings)"/>
    public static void PropagateTraces(this IClientBuilder client, MallSettings settings)
    {
        if (settings.Telemetry.Otlp is null) return;
        client.AddActivityPropagation();
        TracedCalls.Wrap(client.Services);
    }

    /// <summary>What asks every few seconds whether the process lives says nothing about its users.</summary>
    private static bool IsProbe(PathString path) => path.StartsWithSegments("/health") || path.StartsWithSegments("/metrics");
}
