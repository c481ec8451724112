using System.Net;
using System.Text.Json;
using Mall.TestServers;

namespace Mall.Tests.Payments;

/// <summary>A payment provider's adapter that answers as a test says; its provider takes every payment.</summary>
internal abstract class StubAdapter : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _serving;

    protected StubAdapter()
    {
        Url = $"http://{FreePorts.TakeEndpoint()}";
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url { get; }

    public async ValueTask DisposeAsync()
    {
        _listener.Close(); // One that was stopped listens once more to be closed, and its port may be another's by then.
        await _serving;
    }

    /// <returns>The status of the answer.</returns>
    protected abstract int Answer(HttpListenerRequest call, byte[] body, long paymentId);

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var call = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await call.Request.InputStream.CopyToAsync(body);
                var paymentId = JsonSerializer.Deserialize<JsonElement>(body.ToArray()).GetProperty("paymentId").GetInt64();
                call.Response.StatusCode = Answer(call.Request, body.ToArray(), paymentId);
                await JsonSerializer.SerializeAsync(
                    call.Response.OutputStream, new { providerRef = $"ref-{paymentId}", payUrl = "http://pay.test/1" });
                call.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or JsonException or IOException)
            {
                // The listener was stopped, or a silo that called was killed.
            }
        }
    }
}
