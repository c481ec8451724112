using Microsoft.AspNetCore.Connections.Features;

namespace Mall.Api.Rest;

/// <summary>
/// Bounds what waits in memory for clients that do not read: an answer is whole before its first byte is sent, and has left the
/// <see cref="Crowd"/> by then. Small ones need no room over HTTP/1.1: there are no more of them than connections. Over HTTP/2
/// one connection may have hundreds.
/// </summary>
internal sealed class LargeAnswers : IDisposable
{
    private const int Small = 64 * 1024;
    private const int SmallOverHttp2 = Unit;
    private const int Unit = 1024;

    /// <summary>How much of a stop is for clients that do not read. Others still have work in there.</summary>
    private static readonly TimeSpan s_lastPatience = TimeSpan.FromSeconds(5);

    private readonly PartitionedRateLimiter<HttpContext> _room;
    private readonly CancellationTokenSource _givenUp = new();
    private readonly CancellationTokenRegistration _stop;
    private readonly int _largest;

    public LargeAnswers(ApiOptions options, IHostApplicationLifetime lifetime)
    {
        _largest = options.MaxUnreadBytes / 4 / Unit;
        _room = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, IPAddress>(http => RateLimitPartition.GetConcurrencyLimiter(
                Origin.Of(http.Connection.RemoteIpAddress), _ => Units(_largest))),
            PartitionedRateLimiter.Create<HttpContext, bool>(
                _ => RateLimitPartition.GetConcurrencyLimiter(true, _ => Units(options.MaxUnreadBytes / Unit))));
        _stop = lifetime.ApplicationStopping.UnsafeRegister(_ => _givenUp.CancelAfter(s_lastPatience), null);
    }

    /// <summary>Takes the room for an answer until it is sent, or its client is gone.</summary>
    /// <exception cref="ProblemException">100006: there is none.</exception>
    public static void Admit(HttpContext http, int bytes)
    {
        if (bytes > (HttpProtocol.IsHttp2(http.Request.Protocol) ? SmallOverHttp2 : Small))
            http.RequestServices.GetRequiredService<LargeAnswers>().Take(http, bytes / Unit);
    }

    /// <summary>
    /// Ends a request with a large answer no sooner than that is sent, which gives its room back: over HTTP/2 the server would
    /// keep it for a client whose window is closed. Outside of the crowd: nobody waits for that in there. A stop waits for it
    /// a few seconds, and hangs up then.
    /// </summary>
    public static async Task Send(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (http.Response.ContentLength <= Unit || http.Features.Get<RateLimitLease>() is null) return; // It has taken none.
        using var impatience = http.RequestServices.GetRequiredService<LargeAnswers>()._givenUp.Token.UnsafeRegister(
            static late => HangUp((HttpContext)late!), http);
        try
        {
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Its client is gone.
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _givenUp.Dispose();
        _room.Dispose();
    }

    /// <summary>Not on the stream alone: small answers that such a client does not read would hold a stop as well.</summary>
    private static void HangUp(HttpContext http)
    {
        http.Features.Get<IConnectionLifetimeFeature>()?.Abort();
        http.Abort();
    }

    private void Take(HttpContext http, int units)
    {
        var lease = _room.AttemptAcquire(http, Math.Min(units, _largest)); // The largest must fit.
        http.Response.RegisterForDispose(lease);
        http.Features.Set(lease);
        if (!lease.IsAcquired) throw new ProblemException(ProblemMapping.TooManyRequests);
    }

    private static ConcurrencyLimiterOptions Units(int number) => new() { PermitLimit = number };
}
