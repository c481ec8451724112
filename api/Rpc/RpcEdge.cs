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
        if (!IsProtobuf(http.Request.ContentType))
        {
            ProblemWriter.WriteJson(http, Problem.UnsupportedMediaType("gRPC calls are application/grpc."), TraceIds.Of(http));
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

    /// <summary>A stream ends at the client's deadline, and when the process stops.</summary>
    private static async Task Stream(HttpContext http, RequestDelegate serve, TimeSpan? deadline, TimeProvider clock)
    {
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        using var ending = new StreamEnd(deadline, clock, end, stopping);
        http.Features.Set(ending);
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

/// <summary>Cancels a stream when the client's deadline passes, however far away that is: timers reach seven weeks.</summary>
internal sealed class StreamEnd : IDisposable
{
    private static readonly TimeSpan s_reach = TimeSpan.FromDays(40);

    private readonly CancellationToken _stopping;
    private readonly ITimer? _timer;
    private bool _isLate;

    public StreamEnd(TimeSpan? deadline, TimeProvider clock, CancellationTokenSource stream, CancellationToken stopping)
    {
        _stopping = stopping;
        if (deadline is not { } limit)
            return;
        var begun = clock.GetTimestamp();
        _timer = clock.CreateTimer(_ => Tick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Tick();

        void Tick()
        {
            var left = limit - clock.GetElapsedTime(begun);
            if (left > TimeSpan.Zero)
            {
                _timer!.Change(left < s_reach ? left : s_reach, Timeout.InfiniteTimeSpan);
                return;
            }

            _isLate = true;
            stream.Cancel();
        }
    }

    /// <summary>Why the stream was ended from this side; null when it was not.</summary>
    public Exception? Reason => _isLate ? new TimeoutException("The client's deadline has passed.")
        : _stopping.IsCancellationRequested
            ? new ProblemException(Problem.Of(ErrorCodes.StorageUnavailable, "This process stops; call another."))
            : null;

    public void Dispose() => _timer?.Dispose();
}
