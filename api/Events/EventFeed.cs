using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Mall.Api.Events;

/// <summary>Everything that happens behind an event, as it happens.</summary>
internal static class EventFeed
{
    private const int EventsAPage = 100;

    /// <summary>How soon after its commit an event is told, at most; an idle stream costs so many short reads.</summary>
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(500);

    /// <summary>How long one look may take; what fails is looked for again.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    public static async IAsyncEnumerable<SseItem<EventAnswer>> FollowAsync(
        HttpContext http, IEventLogGrain log, long after, [EnumeratorCancellation] CancellationToken end = default)
    {
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        for (var place = after; ;)
        {
            if (await LookAsync(clock, log, place, end) is not { Items.IsEmpty: false } page)
            {
                await Task.Delay(s_period, clock, end);
                continue;
            }

            foreach (var happened in page.Items)
                yield return new(EventAnswer.Of(happened), happened.Type)
                {
                    EventId = happened.Id.ToString(CultureInfo.InvariantCulture),
                };
            place = page.Cursor;
        }
    }

    /// <summary>What comes next; null when it cannot be told at the moment.</summary>
    private static async Task<EventPage?> LookAsync(TimeProvider clock, IEventLogGrain log, long place, CancellationToken end)
    {
        try
        {
            return await new Patience(s_look, clock, end).Insist(() => log.List(place, EventsAPage));
        }
        catch (Exception trouble) when (
            trouble is TimeoutException or StorageUnavailableException or TooBusyException or OrleansException
            || (trouble is OperationCanceledException && !end.IsCancellationRequested))
        {
            return null;
        }
    }
}
