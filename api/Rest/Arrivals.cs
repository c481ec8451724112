namespace Mall.Api.Rest;

/// <summary>
/// Waits for a request's body before it is let in among those that are worked on (<see cref="Crowd"/>): however many clients take
/// their time, the places in there belong to others. What is under way is bounded in number, by address too, and in time. A body
/// that came with its headers, as nearly all do, needs no place.
/// </summary>
internal sealed class Arrivals(RequestDelegate next, ApiOptions options, TimeProvider clock) : IDisposable
{
    private const int GrpcPrefix = 5;

    private readonly PartitionedRateLimiter<HttpContext> _places = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<HttpContext, bool>(
            _ => RateLimitPartition.GetConcurrencyLimiter(true, _ => Places(options.MaxArrivals))),
        PartitionedRateLimiter.Create<HttpContext, IPAddress>(http => RateLimitPartition.GetConcurrencyLimiter(
            Origin.Of(http.Connection.RemoteIpAddress), _ => Places(options.MaxArrivalsPerAddress))));

    public Task InvokeAsync(HttpContext http)
    {
        var endpoint = http.GetEndpoint()?.Metadata;
        var method = endpoint?.GetMetadata<GrpcMethodMetadata>()?.Method.Type;
        if (method is MethodType.ClientStreaming or MethodType.DuplexStreaming
            || (method is null && endpoint?.GetMetadata<IAcceptsMetadata>() is null && endpoint?.GetMetadata<NoBody>() is null))
            return next(http);
        if (method is not null && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = options.MaxRequestBytes + GrpcPrefix;
        return IsThere(http.Request.BodyReader) ? next(http) : Await(http);
    }

    public void Dispose() => _places.Dispose();

    // Nothing is marked as examined that is not consumed: Kestrel would lose its way when the connection then ends.
    private static bool IsThere(PipeReader body)
    {
        if (!body.TryRead(out var read))
            return false;
        body.AdvanceTo(read.Buffer.Start);
        return read.IsCompleted;
    }

    private async Task Await(HttpContext http)
    {
        var body = new MemoryStream();
        using (var place = _places.AttemptAcquire(http))
        {
            if (!place.IsAcquired)
                throw new ProblemException(ProblemMapping.TooManyRequests);
            using var late = new CancellationTokenSource(options.ArrivalLimit, clock);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted);
            try
            {
                await http.Request.Body.CopyToAsync(body, end.Token);
            }
            catch (OperationCanceledException) when (late.IsCancellationRequested)
            {
                throw new ProblemException(ProblemMapping.TooSlow);
            }
        }

        body.Position = 0;
        http.Request.Body = body;
        await next(http);
    }

    private static ConcurrencyLimiterOptions Places(int number) => new() { PermitLimit = number };
}
