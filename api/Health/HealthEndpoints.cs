namespace Mall.Api.Health;

/// <summary>How the process is.</summary>
/// <param name="Status">live, ready, unready or stopping.</param>
/// <param name="Checks">What each of the host's checks said.</param>
internal sealed record HealthAnswer(string Status, IReadOnlyDictionary<string, string>? Checks)
{
    public const string Ready = "ready";

    [JsonIgnore]
    public bool IsReady => Status == Ready;
}

/// <summary>REST: health, for those who restart processes (live) and those who send them requests (ready).</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").DisableRateLimiting();
        health.MapGet("/live", Live);
        health.MapGet("/ready", Ready).Produces<HealthAnswer>().Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Is the process alive?</summary>
    /// <response code="200">It is.</response>
    internal static Ok<HealthAnswer> Live() => new(new HealthAnswer("live", null));

    /// <summary>Can the process serve?</summary>
    /// <remarks>No while writes do not work, and from the moment it is told to stop.</remarks>
    /// <response code="200">It can.</response>
    /// <response code="503">It cannot.</response>
    internal static async Task<Answer<HealthAnswer>> Ready(HttpContext http, Readiness readiness)
    {
        var answer = await readiness.Ask(http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return new(answer.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, answer);
    }
}
