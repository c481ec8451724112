using System.Collections.Immutable;
using System.Text.Json;

namespace Mall.Simulation;

/// <summary>What somebody asks the mall for.</summary>
/// <param name="Key">Names the request for ever: the gid of what is a saga, else user, space, key. Null: no key.</param>
/// <param name="Body">All that was asked for, as one text: two bodies under one key are two requests.</param>
/// <param name="Products">Whose rows it wants; null when nobody can say.</param>
public abstract record Asked(string? Key, string Body, IEnumerable<long>? Products);

/// <param name="Wait">False: the answer is due as soon as the intent is durable, and is no order.</param>
public sealed record OrderAsked(string Gid, bool IsKeyed, long UserId, ImmutableArray<OrderLine> Lines, bool Wait = true) : Asked(
    IsKeyed ? Gid : null, // In whatever order the lines stand, it is the same order.
    $"order by {UserId} of {string.Join(", ", Lines.OrderBy(l => l.ProductId).Select(l => $"{l.Quantity} x {l.ProductId}"))}",
    Lines.Select(line => line.ProductId));

public sealed record RegistrationAsked(string Gid, string Mobile) : Asked(Gid, $"registration of {Mobile}", []);

/// <param name="Name">No two requests give the same.</param>
public sealed record ProductAsked(string? Key, string Name, long Price, long Stock)
    : Asked(Key, $"product {Name}, {Stock} at {Price}", []);

public sealed record AdjustmentAsked(string? Key, long ProductId, long Delta)
    : Asked(Key, $"{Delta:+0;-0} of product {ProductId}", [ProductId]);

/// <summary>An operator ends a saga.</summary>
public sealed record AbortAsked(string Gid) : Asked(null, $"abort of {Gid}", null);

/// <summary>Whatever no oracle judges by itself: opening a shop, changing a product, looking, an operator's wish.</summary>
public sealed record OtherAsked(string Body) : Asked(null, Body, null);

/// <summary>What was answered.</summary>
/// <param name="Code">Why it was refused; null when it was not.</param>
/// <param name="Text">The value in full, or the refusal's sentence.</param>
public sealed record Answer(int? Code, string Text, object? Value = null)
{
    public static Answer Of<T>(Result<T> result) => result.IsRefused
        ? new(result.Refusal.Code, result.Refusal.Detail)
        : new(null, JsonSerializer.Serialize(result.Value), result.Value);

    public override string ToString() => Code is null ? Text : $"{Code} {Text}";
}

/// <summary>
/// One request. Without an answer nobody knows what has become of it: it timed out, or an error (5xx, 429) says as much.
/// </summary>
public sealed record Entry(int Number, string Client, Asked What, DateTimeOffset At)
{
    public Answer? Answer { get; set; }
    public DateTimeOffset? AnsweredAt { get; set; }

    public override string ToString() => $"request {Number} of {Client} ({What.Body}, at {At:HH:mm:ss.fff})";
}

/// <summary>Everything that clients asked and heard, in the order in which they asked, by the right clock.</summary>
public sealed class Journal
{
    public List<Entry> Entries { get; } = [];

    /// <summary>Somebody asks. A request that is repeated, by whomever, is asked again.</summary>
    public Entry Ask(string client, Asked what, DateTimeOffset at)
    {
        Entries.Add(new Entry(Entries.Count + 1, client, what, at));
        return Entries[^1];
    }
}
