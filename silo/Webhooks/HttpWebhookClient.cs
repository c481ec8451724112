using System.Net.Http.Headers;
using Mall.Signing;
using Mall.Silo.Outward;
using Mall.Webhooks;

namespace Mall.Silo.Webhooks;

/// <summary>
/// Posts to addresses that somebody typed: nothing that only the mall's own network can reach is reached through it (see
/// <see cref="GuardedHandler"/>). Redirects are answers like any other failure, and of an answer nothing but its status is read.
/// </summary>
internal sealed class HttpWebhookClient(LedgerClock clock) : IWebhookClient, IDisposable
{
    private const int LongestError = 300;

    private static readonly TimeSpan s_lookUpLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker _public = Invoker(allowPrivate: false);
    private readonly HttpMessageInvoker _private = Invoker(allowPrivate: true);

    public async Task<string?> ComplaintAsync(string url, bool allowPrivate)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            return "must be an absolute http or https address";
        if (address.UserInfo.Length > 0 || address.Fragment.Length > 0) return "must have no user, password or fragment";
        if (allowPrivate) return null;
        try
        {
            var meant = await GuardedHandler.LookUpAsync(address.IdnHost, CancellationToken.None).WaitAsync(s_lookUpLimit, clock);
            return meant.All(PublicAddresses.Contain) ? null : "must not lead to a private or loopback address";
        }
        catch (Exception unknown) when (unknown is SocketException or TimeoutException or ArgumentException)
        {
            return null; // It may be known later; each connection looks again.
        }
    }

    public async Task<Delivery> SendAsync(SignedEvent message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, message.Url) { Content = new ByteArrayContent(message.Body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("User-Agent", "Mall");
        request.Headers.Add(Signatures.EventIdHeader, message.EventId);
        request.Headers.Add(Signatures.TimestampHeader, message.Timestamp);
        request.Headers.Add(Signatures.SignatureHeader, message.Signature);
        using var late = new CancellationTokenSource(s_limit, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            using var response = await (message.AllowPrivate ? _private : _public).SendAsync(request, end.Token);
            var status = (int)response.StatusCode;
            return new Delivery(status, status is >= 200 and < 300 ? null : $"It was answered with {status}.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Delivery(null, $"It was not answered within {s_limit.TotalSeconds} s.");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            var error = failure.InnerException?.Message ?? failure.Message;
            return new Delivery(null, error.Length > LongestError ? error[..LongestError] : error);
        }
    }

    public void Dispose()
    {
        _public.Dispose();
        _private.Dispose();
    }

    private static HttpMessageInvoker Invoker(bool allowPrivate)
    {
        var handler = GuardedHandler.For(
            (_, address) => allowPrivate || PublicAddresses.Contain(address), "a private or loopback address");
        handler.ConnectTimeout = s_connectLimit;
        handler.MaxResponseHeadersLength = 16; // KiB
        handler.MaxResponseDrainSize = 16 * 1024;
        handler.ResponseDrainTimeout = TimeSpan.FromMilliseconds(500);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(1);
        return new HttpMessageInvoker(handler);
    }
}
