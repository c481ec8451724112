using Microsoft.AspNetCore.RateLimiting;

namespace Mall.Api.Rest;

/// <summary>
/// Lets only so many requests in at once; the rest are refused at once with 100006. What is inside is then bounded, whatever
/// comes, and nobody who is inside waits for a client: bodies are there (<see cref="Arrivals"/>), answers are short. Health
/// checks and metrics always come in, and streams have a limit of their own.
/// </summary>
internal static class Crowd
{
    private enum Place
    {
        Always,
        Request,
        Stream,
    }

    public static void AddCrowdLimit(this IServiceCollection services) => services.AddRateLimiter(_ => { })
        .AddOptions<RateLimiterOptions>().Configure<ApiOptions>((limiter, options) =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, Place>(http => PlaceOf(http.GetEndpoint()) switch
            {
                Place.Request => RateLimitPartition.GetConcurrencyLimiter(Place.Request, _ => new ConcurrencyLimiterOptions
                {
                    PermitLimit = options.MaxConcurrentRequests,
                }),
                Place.Stream => RateLimitPartition.GetConcurrencyLimiter(
                    Place.Stream, _ => new ConcurrencyLimiterOptions { PermitLimit = options.MaxStreams }),
                _ => RateLimitPartition.GetNoLimiter(Place.Always),
            });
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
        { Type: not MethodType.Unary } => Place.Stream,
        { ServiceName: "grpc.health.v1.Health" } => Place.Always,
        _ => Place.Request,
    };
}
