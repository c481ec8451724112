using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mall.Tests.Events;

/// <summary>Somebody on the loopback interface to whom events are delivered, and who answers as a test says.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Receiver(WebApplication app) => _app = app;

    /// <summary>What came, in its order.</summary>
    public ConcurrentQueue<(string Body, string Timestamp, string Signature, string EventId)> Got { get; } = [];

    /// <summary>In which trace each came.</summary>
    public ConcurrentQueue<string> Traces { get; } = [];

    /// <summary>The status of the next answers.</summary>
    public volatile int Status = 204;

    /// <summary>While it is set, what comes is not answered.</summary>
    public volatile TaskCompletionSource? Silence;

    public string Url { get; private set; } = "";

    public static async Task<Receiver> OpenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add($"http://{IPAddress.Loopback}:0");
        var receiver = new Receiver(app);
        app.MapPost("/", receiver.ReceiveAsync);
        await app.StartAsync();
        receiver.Url = app.Urls.First();
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext http)
    {
        var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
        var headers = http.Request.Headers;
        var status = Status; // Before anybody sees what came: what is told of it is then as it was when it came.
        Got.Enqueue((body, headers["X-Timestamp"]!, headers["X-Signature"]!, headers["X-Event-Id"]!));
        Traces.Enqueue(headers["traceparent"].ToString());
        if (Silence is { } silence) await silence.Task;
        http.Response.StatusCode = status;
        if (status == 302) http.Response.Headers.Location = Url;
    }
}
