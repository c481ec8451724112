namespace Mall.Events;

/// <summary>What has happened.</summary>
/// <param name="Id">Increases in the order of the commits.</param>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="Subject">Whom it is about.</param>
/// <param name="Data">A JSON object.</param>
/// <param name="TraceParent">What has made it happen, as W3C's header has it, while that is traced.</param>
[GenerateSerializer, Immutable, Alias("mall.MallEvent")]
public sealed record MallEvent(
    long Id, string Type, string Subject, DateTimeOffset Time, string Data, string? TraceParent = null);

/// <summary>Some events.</summary>
/// <param name="IsMore">Others have happened after them already.</param>
/// <param name="Cursor">The last of them, or where the page began: what comes later is behind it.</param>
[GenerateSerializer, Immutable, Alias("mall.EventPage")]
public sealed record EventPage(ImmutableArray<MallEvent> Items, bool IsMore, long Cursor);

/// <summary>Reads events. Key 0.</summary>
[Alias("mall.IEventLogGrain")]
public interface IEventLogGrain : IGrainWithIntegerKey
{
    /// <summary>Those behind an event, oldest first, as far as nothing that is still being committed can come before.</summary>
    [Alias("List"), ReadOnly]
    Task<EventPage> List(long after, int limit);

    /// <summary>Behind all that has happened.</summary>
    [Alias("End"), ReadOnly]
    Task<long> End();
}
