namespace Mall.Api.Rest;

/// <summary>
/// Bounds what waits in memory for clients that do not read: an answer is whole before its first byte is sent, and has left the
/// <see cref="Crowd"/> by then. Small ones need no room over HTTP/1.1: there are no more of them than connections. Over HTTP/2
/// one connection may have hundreds.
/// </summary>
internal sealed class LargeAnswers(ApiOptions options) : IDisposable
{
    private const int Small = 64 * 1024;
    private const int SmallOverHttp2 = Unit;
    private const int Unit = 1024;

    private readonly PartitionedRateLimiter<HttpContext> _room = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<HttpContext, IPAddress>(http => RateLimitPartition.GetConcurrencyLimiter(
            Origin.Of(http.Connection.RemoteIpAddress), _ => Units(options.MaxUnreadBytes / 4))),
        PartitionedRateLimiter.Create<HttpContext, bool>(
            _ => RateLimitPartition.GetConcurrencyLimiter(true, _ => Units(options.MaxUnreadBytes))));

    /// <summary>Takes the room for an answer until it is sent, or its client is gone.</summary>
    /// <exception cref="ProblemException">100006: there is none.</exception>
    public static void Admit(HttpContext http, int bytes)
    {
        if (bytes > (HttpProtocol.IsHttp2(http.Request.Protocol) ? SmallOverHttp2 : Small))
            http.RequestServices.GetRequiredService<LargeAnswers>().Take(http, bytes / Unit);
    }

    /// <summary>
    /// Ends a request with a large answer no sooner than that is sent, which gives its room back: over HTTP/2 the server would
    /// keep it for a client whose window is closed. Outside of the crowd: nobody waits for that in there.
    /// </summary>
    public static async Task Send(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (http.Features.Get<RateLimitLease>() is null) return;
        try
        {
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Its client is gone.
        }
    }

    public void Dispose() => _room.Dispose();

    private void Take(HttpContext http, int units)
    {
        var lease = _room.AttemptAcquire(http, Math.Min(units, options.MaxUnreadBytes / 4 / Unit)); // The largest must fit.
        http.Response.RegisterForDispose(lease);
        http.Features.Set(lease);
        if (!lease.IsAcquired) throw new ProblemException(ProblemMapping.TooManyRequests);
    }

    private static ConcurrencyLimiterOptions Units(int bytes) => new() { PermitLimit = bytes / Unit };
}
