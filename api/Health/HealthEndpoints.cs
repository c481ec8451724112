namespace Mall.Api.Health;

/// <summary>How the process is.</summary>
/// <param name="Status">live, ready, unready or stopping.</param>
/// <param name="Checks">What each of the host's checks said.</param>
internal sealed record HealthAnswer(string Status, IReadOnlyDictionary<string, string>? Checks)
{
    public const string Ready = "ready";

    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsReady => Status == Ready;
}

/// <summary>REST: health, for those who restart processes (live) and those who send them requests (ready).</summary>
internal sealed class HealthEndpoints(Readiness readiness)
{
    public void Map(RestRoutes health)
    {
        health.Open("GET", "/live", Live).AlwaysAdmitted()
            .Says("Is the process alive?")
            .Gives<HealthAnswer>(200, "It is.");

        health.Open("GET", "/ready", Ready).AlwaysAdmitted()
            .Says("Can the process serve?", "No while its database is away, and from the moment it is told to stop.")
            .Gives<HealthAnswer>(200, "It can.")
            .Gives<HealthAnswer>(503, "It cannot.");
    }

    private static Task Live(HttpContext http)
    {
        http.Answer(new HealthAnswer("live", null), ApiJson.Default.HealthAnswer);
        return Task.CompletedTask;
    }

    private async Task Ready(HttpContext http)
    {
        var answer = await readiness.Ask(http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        var status = answer.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Answer(answer, ApiJson.Default.HealthAnswer, status);
    }
}
