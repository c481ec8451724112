namespace Mall.Api.Rpc;

/// <summary>
/// What surrounds each gRPC call, outside of the framework, whose interceptors see a call only when its message has been read. It
/// keeps the client's deadline itself: the framework would pass over one that is malformed, and end a call without our code.
/// </summary>
internal static class RpcEdge
{
    private const string TimeoutHeader = "grpc-timeout";
    private const string TimeoutRule = "must be one to eight digits and one of H, M, S, m, u, n";
    private const int MaxDigits = 8;

    private static readonly TimeSpan s_timersReach = TimeSpan.FromDays(49);

    /// <summary>Puts this edge around the methods of a service.</summary>
    public static void AtTheEdge(this IEndpointConventionBuilder service) => service.Add(endpoint =>
    {
        var isStream = endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault()?.Method.Type is not MethodType.Unary;
        var serve = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = async http =>
        {
            if (WhyNoCall(http.Request) is { } noCall)
            {
                ProblemWriter.WriteJson(http, noCall, TraceIds.Of(http));
                return;
            }

            var deadline = GrantTime(http);
            if (isStream) await Stream(http, serve, deadline);
            else await serve(http);
            RpcProblems.Reword(http);
        };
    });

    private static Problem? WhyNoCall(HttpRequest request)
    {
        if (request.ContentType is not "application/grpc"
            && !(MediaTypeHeaderValue.TryParse(request.ContentType, out var sent)
                && (sent.MediaType.Equals("application/grpc", StringComparison.OrdinalIgnoreCase)
                    || sent.MediaType.Equals("application/grpc+proto", StringComparison.OrdinalIgnoreCase))))
            return Problem.UnsupportedMediaType("gRPC calls are application/grpc.");
        return HttpProtocol.IsHttp2(request.Protocol)
            ? null : Problem.BadRequest(StatusCodes.Status426UpgradeRequired, "gRPC needs HTTP/2.");
    }

    /// <returns>The client's deadline; null when it has none.</returns>
    private static TimeSpan? GrantTime(HttpContext http)
    {
        // Messages have a limit of their own, which tells the client more.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        var deadline = Deadline(http.Request.Headers);
        var limit = http.RequestServices.GetRequiredService<ApiOptions>().WaitLimit;
        http.Features.Set(Patience.Of(http, deadline < limit ? deadline.Value : limit));
        return deadline;
    }

    /// <summary>
    /// A stream ends at the client's deadline, and when the process stops. Timers reach seven weeks; a client whose deadline is
    /// farther away keeps it by itself.
    /// </summary>
    private static async Task Stream(HttpContext http, RequestDelegate serve, TimeSpan? deadline)
    {
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var late = new CancellationTokenSource(deadline < s_timersReach ? deadline.Value : Timeout.InfiniteTimeSpan, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping, late.Token);
        http.Features.Set(new StreamEnd(late.Token, stopping));
        http.RequestAborted = end.Token;
        await serve(http);
    }

    /// <summary>Takes the deadline off the headers: one to eight digits and a unit.</summary>
    private static TimeSpan? Deadline(IHeaderDictionary headers)
    {
        if (!headers.Remove(TimeoutHeader, out var sent))
            return null;
        if (sent is not [{ Length: >= 2 and <= MaxDigits + 1 } text]
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount)
            || TicksOf(amount, text[^1]) is not { } ticks)
            throw new ProblemException(Problem.BadField(TimeoutHeader, TimeoutRule));
        return ticks > 0 ? new TimeSpan(ticks) : throw new ProblemException(Problem.Of(
            ErrorCodes.TimedOut, "The deadline had passed before anything began; nothing was done."));
    }

    private static long? TicksOf(long amount, char unit) => unit switch
    {
        'H' => amount * TimeSpan.TicksPerHour,
        'M' => amount * TimeSpan.TicksPerMinute,
        'S' => amount * TimeSpan.TicksPerSecond,
        'm' => amount * TimeSpan.TicksPerMillisecond,
        'u' => amount * TimeSpan.TicksPerMicrosecond,
        'n' => (amount + TimeSpan.NanosecondsPerTick - 1) / TimeSpan.NanosecondsPerTick,
        _ => null,
    };
}

/// <summary>Why a stream was ended from this side.</summary>
internal sealed record StreamEnd(CancellationToken Late, CancellationToken Stopping)
{
    /// <summary>Null when it was not.</summary>
    public Exception? Reason => Late.IsCancellationRequested ? new TimeoutException("The client's deadline has passed.")
        : Stopping.IsCancellationRequested
            ? new ProblemException(Problem.Of(ErrorCodes.StorageUnavailable, "This process stops; call another."))
            : null;
}
