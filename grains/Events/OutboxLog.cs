namespace Mall.Events;

/// <summary>
/// Reads the outbox in the order of its public ids, each made of the event's position and its rank among those of one position.
/// What is settled shows all events of a position, so a rank never changes. See docs/decisions/0014.
/// </summary>
internal static class OutboxLog
{
    /// <summary>More events than one position ever has: what batches hold, on several silos.</summary>
    private const int Ranks = 8_192;

    /// <summary>Behind all events of a position.</summary>
    public static long EndOf(long position) => (position * Ranks) + Ranks - 1;

    /// <summary>The position of an event.</summary>
    public static long PositionOf(long id) => id / Ranks;

    /// <summary>Behind everything that has happened; what is being committed comes later.</summary>
    public static async Task<long> EndAsync(this GrainLedger ledger)
    {
        var settled = await ledger.SettledAsync();
        return EndOf(Math.Min(settled, await ledger.FindAsync(OutboxRows.End)));
    }

    /// <summary>The events behind one, oldest first.</summary>
    public static async Task<EventPage> ReadAsync(this GrainLedger ledger, long after, int limit)
    {
        var (position, rank) = (after / Ranks, after % Ranks);
        if (rank == Ranks - 1) (position, rank) = (position + 1, -1);
        var settled = await ledger.SettledAsync();

        // One more than asked for tells whether there is a next page. Ranks are counted from the first row of a position.
        var rows = await ledger.QueryAsync(OutboxRows.Page, position, settled, rank + limit + 2);
        var events = ImmutableArray.CreateBuilder<MallEvent>(Math.Min(rows.Count, limit));
        var (of, next) = (-1L, 0L);
        foreach (var row in rows)
        {
            if (row.Position != of) (of, next) = (row.Position, 0);
            if (next == Ranks) throw new UnreachableException($"Position {of} has more than {Ranks} events.");
            var id = (of * Ranks) + next++;
            if (of == position && next - 1 <= rank) continue;
            if (events.Count == limit) return new EventPage(events.ToImmutable(), IsMore: true, events[^1].Id);
            events.Add(new MallEvent(id, row.Type, row.Subject, row.Time, row.Data, row.TraceParent));
        }

        return new EventPage(events.ToImmutable(), IsMore: false, events.Count > 0 ? events[^1].Id : after);
    }
}

/// <summary>Reads events; any number of readers at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class EventLogGrain(GrainLedger ledger) : Grain, IEventLogGrain
{
    public Task<EventPage> List(long after, int limit) => ledger.ReadAsync(after, limit);

    public Task<long> End() => ledger.EndAsync();
}

internal static class EventText
{
    /// <summary>The event as it is told to everybody.</summary>
    public static byte[] ToJson(this MallEvent happened)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>(512);
        using (var json = new System.Text.Json.Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("id", happened.Id);
            json.WriteString("type", happened.Type);
            json.WriteString("time", happened.Time.UtcDateTime);
            json.WritePropertyName("data");
            json.WriteRawValue(happened.Data);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}
