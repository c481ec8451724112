using System.Diagnostics;

namespace Mall.Runtime;

/// <summary>A span for every call that is part of a trace somebody listens to. Without listeners it costs a look.</summary>
internal static class CallTracing
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Mall.Runtime";

    private static readonly ActivitySource Source = new(Name);

    /// <summary>The caller's place in its trace, or null when the call need not carry it.</summary>
    public static string? TraceParent => Source.HasListeners() ? Activity.Current?.Id : null;

    /// <summary>Starts the span of an execution and makes it current for the grain's code.</summary>
    public static Activity? Start(GrainRequest request, string traceParent)
    {
        if (!ActivityContext.TryParse(traceParent, null, isRemote: true, out var parent)) return null;
        var span = Source.StartActivity(request.Method.ToString(), ActivityKind.Server, parent);
        if (span is null) return null;
        span.SetTag("rpc.system", "mall");
        span.SetTag("rpc.service", request.Method.InterfaceName);
        span.SetTag("rpc.method", request.Method.Name);
        span.SetTag("mall.grain", request.Target.GrainId.ToString());
        return span;
    }

    /// <summary>Ends the span with the call's outcome.</summary>
    public static void Stop(Activity span, Exception? fault)
    {
        if (fault is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, fault.Message);
            span.AddException(fault);
        }

        span.Stop();
    }
}
