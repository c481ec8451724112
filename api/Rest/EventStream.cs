using System.Net.ServerSentEvents;

namespace Mall.Api.Rest;

/// <summary>Marks an endpoint whose answer goes on: it has a place among the streams (<see cref="Crowd"/>).</summary>
internal sealed record StreamEndpoint;

/// <summary>
/// What a handler returns that goes on telling: server-sent events. It ends with what it tells, when the client goes, and when
/// the process is to stop; while there is nothing to tell, comments show both sides, and what is between them, that it lives,
/// which the framework's own result for such streams does not do.
/// </summary>
/// <param name="source">What to tell, each with its id, which a client that comes again names; or why not.</param>
internal sealed class EventStream<T>(Result<IAsyncEnumerable<SseItem<T>>> source) : IResult
{
    public const string ContentType = "text/event-stream";

    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        if (source.IsRefused)
        {
            ProblemWriter.Write(httpContext, Problem.Of(source.Refusal));
            return;
        }

        var (response, services) = (httpContext.Response, httpContext.RequestServices);
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // A proxy in front shall pass on each event as it comes.
        if (httpContext.Features.Get<HeadRequest>() is not null) return;
        var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, stopping);
        try
        {
            await response.StartAsync(end.Token);
            await response.Body.FlushAsync(end.Token); // That it is open is told before there is anything to tell.
            await Tell(response.BodyWriter, services.GetRequiredService<TimeProvider>(), end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The answer ends here. A client that is still there comes again, to whoever serves then.
        }
    }

    private async Task Tell(PipeWriter body, TimeProvider clock, CancellationToken end)
    {
        await using var events = source.Value!.GetAsyncEnumerator(end);
        while (true)
        {
            var next = events.MoveNextAsync().AsTask();
            while (!next.IsCompleted && !end.IsCancellationRequested) // Then a delay is over at once, and no pause any more.
            {
                await Task.WhenAny(next, Task.Delay(s_heartbeat, clock, end));
                if (!next.IsCompleted && !end.IsCancellationRequested)
                    await body.WriteAsync(": still here\n\n"u8.ToArray(), end);
            }

            if (!await next)
                return;
            if (events.Current.EventId is { } id) Encoding.UTF8.GetBytes($"id: {id}\n", body);
            if (events.Current.EventType is not SseParser.EventTypeDefault and var type)
                Encoding.UTF8.GetBytes($"event: {type}\n", body);
            body.Write("data: "u8);
            body.Write(JsonSerializer.SerializeToUtf8Bytes(events.Current.Data, ApiJson.Type<T>.Info)); // On one line.
            await body.WriteAsync("\n\n"u8.ToArray(), end);
        }
    }
}

/// <summary>A feature of a request that asked for the head of an answer alone.</summary>
internal sealed record HeadRequest;
