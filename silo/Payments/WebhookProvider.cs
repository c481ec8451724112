using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mall.Payments;
using Mall.Signing;

namespace Mall.Silo.Payments;

/// <summary>
/// A provider behind an adapter: the mall POSTs to its URL, signed as callbacks are. What is not an answer (no connection, none
/// in time, 408, 429, 5xx) leaves unknown what has become of the call, and the call is repeated; the adapter tells a repeat by
/// the payment's id. Any other refusal is a fault that somebody has to look at.
/// </summary>
internal sealed class WebhookProvider(Uri url, ProviderKey key, TimeProvider clock) : IPaymentProvider, IDisposable
{
    private const int MaxAnswer = 64 * 1024;
    private const int MaxReference = 128;

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    })
    {
        Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = MaxAnswer,
    };

    public string Name => "webhook";

    public async Task<ProviderAnswer> OpenAsync(ProviderRequest payment)
    {
        using var response = await PostAsync(url, payment);
        var answer = await response.Content.ReadFromJsonAsync(WebhookJson.Default.WebhookAnswer);
        return answer is { ProviderRef: { Length: > 0 and <= MaxReference } reference, PayUrl: { } payUrl }
            && Uri.TryCreate(payUrl, UriKind.Absolute, out var page) && page.Scheme is "http" or "https"
            ? new ProviderAnswer(reference, payUrl)
            : throw new InvalidDataException("The payment adapter's answer has no providerRef and payUrl.");
    }

    public async Task RefundAsync(ProviderRequest payment)
    {
        using var response = await PostAsync(new Uri($"{url.AbsoluteUri.TrimEnd('/')}/refund"), payment);
    }

    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> PostAsync(Uri to, ProviderRequest payment)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new WebhookRequest(payment.PaymentId, payment.OrderId, payment.Amount, payment.CallbackUrl),
            WebhookJson.Default.WebhookRequest);
        using var request = new HttpRequestMessage(HttpMethod.Post, to) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var timestamp = Signatures.Timestamp(clock.GetUtcNow());
        request.Headers.Add(Signatures.TimestampHeader, timestamp);
        request.Headers.Add(Signatures.SignatureHeader, Signatures.Sign(await key.GetAsync(), timestamp, body));
        HttpResponseMessage response;
        try
        {
            response = await _client.SendAsync(request);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            throw new TimeoutException($"The payment adapter does not answer: {e.Message}");
        }

        if (response.IsSuccessStatusCode) return response;
        var status = (int)response.StatusCode;
        response.Dispose();
        throw status is 408 or 425 or 429 or >= 500
            ? new TimeoutException($"The payment adapter answers {status}.")
            : new InvalidDataException($"The payment adapter refuses with {status}.");
    }
}

/// <param name="CallbackUrl">Where the adapter says what has become of the payment.</param>
internal sealed record WebhookRequest(long PaymentId, long OrderId, long Amount, string CallbackUrl);

internal sealed record WebhookAnswer(string? ProviderRef, string? PayUrl);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(WebhookRequest))]
[JsonSerializable(typeof(WebhookAnswer))]
internal sealed partial class WebhookJson : JsonSerializerContext;
