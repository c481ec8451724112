using Microsoft.AspNetCore.RateLimiting;

namespace Mall.Api.Rest;

/// <summary>
/// Lets only so many requests in at once; the rest are refused at once with 100006. What is inside is then bounded, whatever
/// comes, and nobody who is inside waits for a client: bodies are there (<see cref="Arrivals"/>), answers are short. Health
/// checks and metrics always come in, and streams have limits of their own: those that anybody may open, those for whoever has a
/// token, and half of either for one address.
/// </summary>
internal static class Crowd
{
    private enum Place
    {
        Always,
        Request,
        Stream,
        OpenStream,
    }

    public static void AddCrowdLimit(this IServiceCollection services) => services.AddRateLimiter(_ => { })
        .AddOptions<RateLimiterOptions>().Configure<ApiOptions>((limiter, options) =>
        {
            var places = PartitionedRateLimiter.Create<HttpContext, Place>(http => PlaceOf(http.GetEndpoint()) switch
            {
                Place.Request => RateLimitPartition.GetConcurrencyLimiter(Place.Request, _ => new ConcurrencyLimiterOptions
                {
                    PermitLimit = options.MaxConcurrentRequests,
                }),
                Place.Always => RateLimitPartition.GetNoLimiter(Place.Always),
                var stream => RateLimitPartition.GetConcurrencyLimiter(
                    stream, _ => new ConcurrencyLimiterOptions { PermitLimit = options.MaxStreams }),
            });
            var addresses = PartitionedRateLimiter.Create<HttpContext, (Place, IPAddress)>(http =>
            {
                var place = PlaceOf(http.GetEndpoint());
                return place is Place.Stream or Place.OpenStream
                    ? RateLimitPartition.GetConcurrencyLimiter(
                        (place, Origin.Of(http.Connection.RemoteIpAddress)),
                        _ => new ConcurrencyLimiterOptions { PermitLimit = (options.MaxStreams + 1) / 2 })
                    : RateLimitPartition.GetNoLimiter((Place.Always, IPAddress.None));
            });
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(addresses, places);
            limiter.OnRejected = (rejected, _) =>
            {
                ProblemWriter.Write(rejected.HttpContext, ProblemMapping.TooManyRequests);
                return ValueTask.CompletedTask;
            };
        });

    /// <summary>What has no endpoint is answered by routing alone and does no work.</summary>
    private static Place PlaceOf(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method switch
    {
        null when endpoint?.Metadata.GetMetadata<StreamEndpoint>() is not null => Place.Stream,
        null => endpoint is null ? Place.Always : Place.Request,
        { Type: not MethodType.Unary, ServiceName: var service } =>
            service.StartsWith("mall.", StringComparison.Ordinal) ? Place.Stream : Place.OpenStream,
        { ServiceName: "grpc.health.v1.Health" } => Place.Always,
        _ => Place.Request,
    };
}
