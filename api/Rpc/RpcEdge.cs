using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Mall.Api.Rpc;

/// <summary>
/// What surrounds each gRPC call, outside of the framework, whose interceptors see a call only when its message has been read. It
/// keeps the client's deadline itself: the framework would pass over one that is malformed, and end a call without the mall's code.
/// </summary>
internal static class RpcEdge
{
    private const string TimeoutHeader = "grpc-timeout";
    private const int MaxDigits = 8;

    private static readonly TimeSpan s_timersReach = TimeSpan.FromDays(49);

    /// <summary>Maps a service with this edge around its methods.</summary>
    public static void AtTheEdge(this IEndpointConventionBuilder service)
    {
        service.Add(endpoint =>
        {
            var isStream = endpoint.Metadata.OfType<GrpcMethodMetadata>().FirstOrDefault()?.Method.Type is not MethodType.Unary;
            var serve = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = http => Serve(http, serve, isStream);
        });
    }

    private static Task Serve(HttpContext http, RequestDelegate serve, bool isStream)
    {
        var noCall = !IsProtobuf(http.Request.ContentType) ? Problem.UnsupportedMediaType("gRPC calls are application/grpc.")
            : !HttpProtocol.IsHttp2(http.Request.Protocol) ? Problem.BadRequest(StatusCodes.Status426UpgradeRequired, "gRPC needs HTTP/2.")
            : null;
        if (noCall is not null)
        {
            ProblemWriter.WriteJson(http, noCall, TraceIds.Of(http));
            return Task.CompletedTask;
        }

        // Messages have a limit of their own, which tells the client more.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        var (options, clock) = (
            http.RequestServices.GetRequiredService<ApiOptions>(), http.RequestServices.GetRequiredService<TimeProvider>());
        var deadline = Deadline(http.Request.Headers);
        http.Features.Set(new Patience(deadline < options.WaitLimit ? deadline.Value : options.WaitLimit, clock, http.RequestAborted));
        return isStream ? Stream(http, serve, deadline, clock) : Unary(http, serve);
    }

    private static async Task Unary(HttpContext http, RequestDelegate serve)
    {
        await serve(http);
        RpcProblems.Reword(http);
    }

    /// <summary>
    /// A stream ends at the client's deadline, and when the process stops. Timers reach seven weeks; a client whose deadline is
    /// farther away keeps it by itself.
    /// </summary>
    private static async Task Stream(HttpContext http, RequestDelegate serve, TimeSpan? deadline, TimeProvider clock)
    {
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var timer = new CancellationTokenSource(deadline < s_timersReach ? deadline.Value : Timeout.InfiniteTimeSpan, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping, timer.Token);
        http.Features.Set(new StreamEnd(timer.Token, stopping));
        http.RequestAborted = end.Token;
        await serve(http);
        RpcProblems.Reword(http);
    }

    private static bool IsProtobuf(string? contentType)
    {
        var type = contentType.AsSpan();
        type = type[..(type.IndexOf(';') is var end and >= 0 ? end : type.Length)].TrimEnd();
        return type.Equals("application/grpc", StringComparison.OrdinalIgnoreCase)
            || type.Equals("application/grpc+proto", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Takes the deadline off the headers: one to eight digits and a unit.</summary>
    private static TimeSpan? Deadline(IHeaderDictionary headers)
    {
        if (!headers.Remove(TimeoutHeader, out var sent))
            return null;
        if (sent is not [{ Length: >= 2 and <= MaxDigits + 1 } text]
            || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount)
            || TicksOf(amount, text[^1]) is not { } ticks)
            throw new ProblemException(Problem.BadField(TimeoutHeader, "must be one to eight digits and one of H, M, S, m, u, n"));
        return ticks > 0 ? new TimeSpan(ticks) : throw new TimeoutException("The client's deadline had passed already.");
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
