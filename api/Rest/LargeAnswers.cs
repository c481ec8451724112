namespace Mall.Api.Rest;

/// <summary>
/// Bounds what waits in memory for clients that do not read: an answer is whole before its first byte is sent, and has left the
/// <see cref="Crowd"/> by then. Small ones need no room: there are no more of them than connections.
/// </summary>
internal sealed class LargeAnswers(ApiOptions options) : IDisposable
{
    private const int Small = 64 * 1024;
    private const int Unit = 1024;

    private readonly PartitionedRateLimiter<HttpContext> _room = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<HttpContext, IPAddress>(http => RateLimitPartition.GetConcurrencyLimiter(
            http.Connection.RemoteIpAddress ?? IPAddress.None, _ => Units(options.MaxUnreadBytes / 4))),
        PartitionedRateLimiter.Create<HttpContext, bool>(
            _ => RateLimitPartition.GetConcurrencyLimiter(true, _ => Units(options.MaxUnreadBytes))));

    /// <summary>Takes the room for an answer until it is sent, or its client is gone.</summary>
    /// <exception cref="ProblemException">100006: there is none.</exception>
    public static void Admit(HttpContext http, int bytes)
    {
        if (bytes > Small) http.RequestServices.GetRequiredService<LargeAnswers>().Take(http, bytes / Unit);
    }

    public void Dispose() => _room.Dispose();

    private void Take(HttpContext http, int units)
    {
        var lease = _room.AttemptAcquire(http, Math.Min(units, options.MaxUnreadBytes / 4 / Unit)); // The largest must fit.
        http.Response.RegisterForDispose(lease);
        if (!lease.IsAcquired) throw new ProblemException(ProblemMapping.TooManyRequests);
    }

    private static ConcurrencyLimiterOptions Units(int bytes) => new() { PermitLimit = bytes / Unit };
}
