namespace Mall.Api.Events;

/// <summary>Server-sent events: everything that happens behind an event, until the client or the process goes.</summary>
internal sealed class EventFeed(IEventLogGrain log, long after) : IResult, IEndpointMetadataProvider
{
    private const string ContentType = "text/event-stream";
    private const int EventsAPage = 100;

    private static readonly byte[] s_nothing = [.. ":\n\n"u8];

    /// <summary>How soon after its commit an event is told, at most; an idle stream costs so many short reads.</summary>
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(500);

    /// <summary>So often something is sent, or proxies would take the connection for a dead one.</summary>
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>How long one look may take; what fails is looked for again.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), [ContentType]));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        var clock = services.GetRequiredService<TimeProvider>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            httpContext.RequestAborted, services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        var response = httpContext.Response;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would keep it back until there is more.
        try
        {
            await SendAsync(response, s_nothing, end.Token);
            var (place, said) = (after, clock.GetTimestamp());
            while (true)
            {
                if (await LookAsync(httpContext, place) is { Items.IsEmpty: false } page)
                {
                    foreach (var happened in page.Items) Write(response.BodyWriter, happened);
                    await response.BodyWriter.FlushAsync(end.Token);
                    (place, said) = (page.Cursor, clock.GetTimestamp());
                    continue;
                }

                if (clock.GetElapsedTime(said) >= s_heartbeat)
                {
                    await SendAsync(response, s_nothing, end.Token);
                    said = clock.GetTimestamp();
                }

                await Task.Delay(s_period, clock, end.Token);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The end of the stream: its client has gone, or is to ask another process.
        }
    }

    /// <summary>What comes next; null when it cannot be told at the moment.</summary>
    private async Task<EventPage?> LookAsync(HttpContext http, long place)
    {
        try
        {
            return await Patience.Of(http, s_look).Insist(() => log.List(place, EventsAPage));
        }
        catch (Exception trouble) when (
            trouble is TimeoutException or StorageUnavailableException or TooBusyException or OrleansException)
        {
            return null;
        }
    }

    private static void Write(PipeWriter body, MallEvent happened)
    {
        Encoding.UTF8.GetBytes(
            $"id: {happened.Id.ToString(CultureInfo.InvariantCulture)}\nevent: {happened.Type}\ndata: ", body);
        using (var json = new Utf8JsonWriter(body))
            JsonSerializer.Serialize(json, EventAnswer.Of(happened), ApiJson.Type<EventAnswer>.Info);
        Encoding.UTF8.GetBytes("\n\n", body);
    }

    private static async Task SendAsync(HttpResponse response, ReadOnlyMemory<byte> text, CancellationToken cancellationToken) =>
        await response.BodyWriter.WriteAsync(text, cancellationToken);
}
