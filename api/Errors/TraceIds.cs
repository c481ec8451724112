using System.Diagnostics;

namespace Mall.Api.Errors;

/// <summary>The id under which a failed request is found again in the log.</summary>
internal static class TraceIds
{
    /// <summary>
    /// The current trace's id, else the one the client sent in <c>traceparent</c>, else a fresh one. Made only for requests that
    /// fail: the others pay nothing for it.
    /// </summary>
    public static string Of(HttpContext http)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } current)
            return current.TraceId.ToHexString();
        return ActivityContext.TryParse(http.Request.Headers.TraceParent, null, out var sent)
            ? sent.TraceId.ToHexString()
            : ActivityTraceId.CreateRandom().ToHexString();
    }
}
