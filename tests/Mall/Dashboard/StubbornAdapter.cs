using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Mall.TestServers;

namespace Mall.Tests.Dashboard;

/// <summary>A payment provider's adapter that takes every payment and refuses to give money back, until it is mended.</summary>
internal sealed class StubbornAdapter : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentDictionary<long, bool> _mended = [];
    private readonly Task _serving;

    public StubbornAdapter()
    {
        Url = $"http://{FreePorts.TakeEndpoint()}";
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _serving = ServeAsync();
    }

    public string Url { get; }

    public void MendFor(long paymentId) => _mended[paymentId] = true;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Close();
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var call = await _listener.GetContextAsync();
                var told = await JsonSerializer.DeserializeAsync<JsonElement>(call.Request.InputStream);
                var paymentId = told.GetProperty("paymentId").GetInt64();
                var isRefund = call.Request.Url!.AbsolutePath == "/refund";
                call.Response.StatusCode = isRefund && !_mended.ContainsKey(paymentId) ? 400 : 200;
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
