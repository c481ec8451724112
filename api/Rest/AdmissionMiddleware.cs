using System.Threading.RateLimiting;
using Mall.Api.Grpc;
using Mall.Api.OpenApi;

namespace Mall.Api.Rest;

/// <summary>
/// Lets only so many requests in at once and only so many wait; the rest are refused at once with 100006. What is inside is
/// then bounded, whatever comes. Health checks always come in, and streams have a limit of their own.
/// </summary>
internal sealed class AdmissionMiddleware(RequestDelegate next, ApiOptions options) : IDisposable
{
    private readonly ConcurrencyLimiter _places = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = options.MaxConcurrentRequests,
        QueueLimit = options.MaxQueuedRequests,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    public Task InvokeAsync(HttpContext http)
    {
        if (IsExempt(http.GetEndpoint()))
            return next(http);
        var place = _places.AttemptAcquire();
        return place.IsAcquired ? Serve(http, place) : Queue(http);
    }

    /// <summary>What has no endpoint is answered by routing alone and does no work.</summary>
    private static bool IsExempt(Endpoint? endpoint) =>
        endpoint is null
        || endpoint.Metadata.GetMetadata<Operation>() is { IsAlwaysAdmitted: true }
        || endpoint.Metadata.GetMetadata<RpcMethod>() is { IsStreaming: true };

    private async Task Queue(HttpContext http)
    {
        var place = await _places.AcquireAsync(1, http.RequestAborted);
        if (place.IsAcquired)
            await Serve(http, place);
        else if (GrpcProtocol.IsGrpc(http.Request.ContentType))
            GrpcProtocol.WriteProblem(http, ProblemMapping.TooManyRequests, TraceIds.Of(http));
        else
            ProblemWriter.Write(http, ProblemMapping.TooManyRequests);
    }

    private async Task Serve(HttpContext http, RateLimitLease place)
    {
        using (place)
            await next(http);
    }

    public void Dispose() => _places.Dispose();
}
