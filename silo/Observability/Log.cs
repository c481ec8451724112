using Microsoft.Extensions.Logging.Console;

namespace Mall.Silo.Observability;

/// <summary>
/// The log on the console: a line an event, with the trace that it belongs to. Levels by category are read from
/// <c>appsettings.json</c>, section <c>Logging:LogLevel</c>, also while the process runs.
/// </summary>
internal static class Log
{
    private const string Time = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";

    public static void AddLog(this WebApplicationBuilder builder, TelemetrySettings settings)
    {
        var log = builder.Logging;
        if (settings.IsJson)
            log.AddJsonConsole(console => (console.UseUtcTimestamp, console.TimestampFormat, console.IncludeScopes) =
                (true, Time.TrimEnd(), true));
        else
            log.AddSimpleConsole(console => (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) =
                (true, true, Time));
        log.Configure(options => options.ActivityTrackingOptions = settings.IsJson
            ? ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId
            : ActivityTrackingOptions.None);
        log.SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            // Who comes and who goes, and what cannot be committed, the mall tells itself: Orleans' warnings say the same at
            // length.
            .AddFilter("Orleans", LogLevel.Error)
            .AddFilter("Orleans.Connections.Security", LogLevel.Warning) // A peer with another certificate.
            .AddFilter("Orleans.Messaging.GatewayManager", LogLevel.Critical) // FrontDoorHealth tells it.
            .AddFilter("Orleans.Runtime.Silo", LogLevel.Critical) // A start that fails is told in one line, by Program.
            .AddFilter("Polly", LogLevel.Warning)
            .AddFilter("System", LogLevel.Warning)
            // A start that fails is told in one line, by Program.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical)
            // Last, so that an operator's word counts; read again when the file changes.
            .AddConfiguration(builder.Configuration.GetSection("Logging"));
    }
}
