namespace Mall.Api.Events;

/// <summary>REST: what has happened, for operators.</summary>
internal static class EventEndpoints
{
    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        var events = routes.MapGroup("/v1/events").WithTags("Events").RequireAuthorization(Policies.Operator);
        events.MapGet("", List);
        events.MapGet("/stream", Follow).WithMetadata(new StreamEndpoint())
            .Produces<EventAnswer>(contentType: EventStream<EventAnswer>.ContentType);
    }

    /// <summary>List what has happened</summary>
    /// <remarks>
    /// Oldest first. An event is committed together with what it tells of; who goes on with next, and later with cursor, misses
    /// none and sees none twice. Both are the id of the last event. Old events are removed after a week, when every webhook has
    /// had them.
    /// </remarks>
    /// <param name="after">The id of an event, or the next or the cursor of a page before; absent for the first page.</param>
    /// <param name="limit">How many.</param>
    /// <response code="200">A page.</response>
    internal static async Task<Ok<EventPageAnswer>> List(
        IGrainFactory grains, Patience patience, long? after,
        [Range(1, Paging.MaxLimit)] int limit = Paging.DefaultLimit)
    {
        var page = await patience.Insist(() => grains.GetGrain<IEventLogGrain>(0).List(after ?? 0, limit));
        return new(EventPageAnswer.Of(page));
    }

    /// <summary>Follow what happens</summary>
    /// <remarks>
    /// Server-sent events, as they happen: each with its id, its type as the name and the event as in the list as data. Whoever
    /// comes back with Last-Event-ID, as browsers do by themselves, goes on behind that event; without it the stream begins now,
    /// and with 0 at the oldest event. A comment comes while nothing happens. The stream ends when this process does.
    /// </remarks>
    /// <response code="200">The stream.</response>
    internal static async Task<EventStream<EventAnswer>> Follow(HttpContext http, IGrainFactory grains, Patience patience)
    {
        var log = grains.GetGrain<IEventLogGrain>(0);
        var last = http.Request.Headers["Last-Event-ID"];
        if (last.Count == 0) return From(await patience.Insist(log.End));
        return last is [{ } text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && id <= ExactNumbers.Max
            ? From(id)
            : throw new ProblemException(Problem.BadField("Last-Event-ID", "must be the id of an event"));

        EventStream<EventAnswer> From(long after) =>
            new(Result.Of(EventFeed.FollowAsync(http, log, after)));
    }
}
