using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Hosting;

namespace Mall.Api.Grpc;

/// <summary>
/// The edge of every gRPC call: checks that it is one, who sent it and how long they will wait, has the method served, and ends
/// the call with a status, whatever happens inside.
/// </summary>
internal sealed class RpcDispatcher(
    TokenGate gate,
    ApiOptions options,
    TimeProvider clock,
    IHostApplicationLifetime lifetime,
    ILogger<RpcDispatcher> log) : IDisposable
{
    private const string Ok = "0";

    private readonly ConcurrencyLimiter _streams = new(new() { PermitLimit = options.MaxStreams, QueueLimit = 0 });

    public async Task Serve(HttpContext http, RpcMethod method)
    {
        if (!CheckTransport(http))
            return;
        try
        {
            var refusal = method.IsStreaming ? await ServeStream(http, method) : await ServeUnary(http, method);
            if (refusal is null)
                http.Response.AppendTrailer(GrpcProtocol.StatusTrailer, Ok);
            else
                GrpcProtocol.WriteProblem(http, Problem.Of(refusal), TraceIds.Of(http));
        }
        catch (Exception exception) when (exception.MeansClientHasGone(http))
        {
            // The client has gone; there is nobody to answer.
        }
        catch (Exception exception)
        {
            // The edge of the call: everything is answered, and what nobody foresaw is logged.
            var traceId = TraceIds.Of(http);
            GrpcProtocol.WriteProblem(http, exception.ToProblem(log, traceId), traceId);
        }
    }

    public void Dispose() => _streams.Dispose();

    private async Task<Refusal?> ServeUnary(HttpContext http, RpcMethod method)
    {
        var call = new RpcCall(http, GrantTime(http), http.RequestAborted);
        var caller = method.Access == Access.Open ? default : await gate.Authenticate(http, method.Access);
        return await method.Serve(http, call, caller, options.MaxRequestBytes);
    }

    private async Task<Refusal?> ServeStream(HttpContext http, RpcMethod method)
    {
        using var place = _streams.AttemptAcquire();
        if (!place.IsAcquired)
            throw new ProblemException(ProblemMapping.TooManyRequests);

        // A stream may live long and say little: the limits of bodies are for requests that come in one piece.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;

        var patience = GrantTime(http);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        using var deadline = Deadline(http) is { } limit ? new CancellationTokenSource(limit, clock) : null;
        using var registration = deadline?.Token.Register(static ending => ((CancellationTokenSource)ending!).Cancel(), ending);
        try
        {
            var caller = method.Access == Access.Open ? default : await gate.Authenticate(http, method.Access);
            return await method.Serve(http, new RpcCall(http, patience, ending.Token), caller, options.MaxRequestBytes);
        }
        catch (OperationCanceledException) when (deadline is { IsCancellationRequested: true })
        {
            throw new TimeoutException("The client's deadline has passed.");
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw new ProblemException(Problem.Of(ErrorCodes.StorageUnavailable, "This process stops; call another."));
        }
    }

    /// <summary>What is no gRPC call at all is answered in HTTP's own words.</summary>
    private static bool CheckTransport(HttpContext http)
    {
        if (!GrpcProtocol.IsProtobuf(http.Request.ContentType))
            ProblemWriter.Write(http, Problem.UnsupportedMediaType("gRPC calls are application/grpc."));
        else if (http.Features.Get<IHttpResponseTrailersFeature>() is null || !HttpProtocol.IsHttp2(http.Request.Protocol))
            ProblemWriter.Write(http, Problem.BadRequest(StatusCodes.Status426UpgradeRequired, "gRPC needs HTTP/2."));
        else
            return true;
        return false;
    }

    /// <exception cref="TimeoutException">The deadline had passed before the call arrived; nothing is begun.</exception>
    private Patience GrantTime(HttpContext http)
    {
        var limit = Deadline(http) is { } deadline && deadline < options.WaitLimit ? deadline : options.WaitLimit;
        return limit > TimeSpan.Zero
            ? new Patience(limit, clock, http.RequestAborted)
            : throw new TimeoutException("The client's deadline had passed already.");
    }

    private static TimeSpan? Deadline(HttpContext http)
    {
        var sent = http.Request.Headers[GrpcTimeout.HeaderName];
        if (sent.Count == 0)
            return null;
        return sent.Count == 1 && GrpcTimeout.TryParse(sent[0], out var deadline)
            ? deadline
            : throw new ProblemException(Problem.BadField(GrpcTimeout.HeaderName, GrpcTimeout.Rule));
    }
}
