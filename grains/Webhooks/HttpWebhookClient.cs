using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Mall.Signing;

namespace Mall.Webhooks;

/// <summary>
/// Posts to addresses that somebody typed: nothing that only the mall's own network can reach is reached through it. A name is
/// looked up where the connection is made, and what was looked at is what is connected to; so a name that means another address a
/// moment later leads nowhere. Redirects are answers like any other failure, and of an answer nothing but its status is read.
/// </summary>
public sealed class HttpWebhookClient(LedgerClock clock) : IWebhookClient, IDisposable
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
            var meant = await LookUpAsync(address.IdnHost, CancellationToken.None).WaitAsync(s_lookUpLimit, clock);
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

    /// <remarks>The look-up itself would refuse 0.0.0.0, which is this machine.</remarks>
    private static Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var address)
            ? Task.FromResult<IPAddress[]>([address])
            : Dns.GetHostAddressesAsync(host, cancellationToken);

    private static HttpMessageInvoker Invoker(bool allowPrivate) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = s_connectLimit,
        MaxResponseHeadersLength = 16, // KiB
        MaxResponseDrainSize = 16 * 1024,
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(500),
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectCallback = async (connection, cancellationToken) =>
        {
            var (host, port) = (connection.DnsEndPoint.Host, connection.DnsEndPoint.Port);
            var meant = await LookUpAsync(host, cancellationToken);
            var allowed = allowPrivate ? meant : Array.FindAll(meant, PublicAddresses.Contain);
            if (allowed.Length == 0) throw new HttpRequestException($"{host} is a private or loopback address.");
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(allowed, port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    });
}
