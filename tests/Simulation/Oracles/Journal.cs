using System.Collections.Immutable;
using System.Text.Json;
using Mall.Orders;

namespace Mall.Simulation;

/// <summary>What somebody asks the mall for.</summary>
/// <param name="Key">Names the request for ever: the gid of what is a saga, else user, space, key. Null: no key.</param>
/// <param name="Body">All that was asked for, as one text: two bodies under one key are two requests.</param>
public abstract record Asked(string? Key, string Body);

/// <param name="Wait">False: the answer is due as soon as the intent is durable, and is no order.</param>
public sealed record OrderAsked(
    string Gid, bool IsKeyed, long UserId, ImmutableArray<OrderLine> Lines, bool Wait = true)
    : Asked(
        IsKeyed ? Gid : null, $"order by {UserId} of {string.Join(", ", Lines.Select(l => $"{l.Quantity} x {l.ProductId}"))}");

public sealed record RegistrationAsked(string Gid, bool IsKeyed, string Mobile)
    : Asked(IsKeyed ? Gid : null, $"registration of {Mobile}");

/// <param name="Name">No two requests give the same.</param>
public sealed record ProductAsked(string? Key, string Name, long Price, long Stock)
    : Asked(Key, $"product {Name}, {Stock} at {Price}");

public sealed record AdjustmentAsked(string? Key, long ProductId, long Delta)
    : Asked(Key, $"{Delta:+0;-0} of product {ProductId}");

/// <summary>An operator ends a saga.</summary>
public sealed record AbortAsked(string Gid) : Asked(null, $"abort of {Gid}");

/// <summary>Whatever no oracle judges by itself: opening a shop, changing a product, looking, an operator's wish.</summary>
public sealed record OtherAsked(string Body) : Asked(null, Body);

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

/// <summary>One request. Without an answer nobody knows what has become of it: it timed out, or an error says as much.</summary>
public sealed class Entry(int number, string client, Asked what, DateTimeOffset at)
{
    public int Number => number;
    public string Client => client;
    public Asked What => what;
    public DateTimeOffset At => at;
    public Answer? Answer { get; internal set; }
    public DateTimeOffset? AnsweredAt { get; internal set; }

    public override string ToString() => $"request {number} of {client} ({what.Body}, at {at:HH:mm:ss.fff})";
}

/// <summary>Everything that clients asked and heard, in the order in which they asked, by the right clock.</summary>
public sealed class Journal
{
    private readonly List<Entry> _entries = [];

    public IReadOnlyList<Entry> Entries => _entries;

    /// <summary>Somebody asks. A request that is repeated, by whomever, is asked again.</summary>
    public Entry Ask(string client, Asked what, DateTimeOffset at)
    {
        var entry = new Entry(_entries.Count + 1, client, what, at);
        _entries.Add(entry);
        return entry;
    }

    /// <summary>And is answered, for certain. An unknown outcome (5xx, 429, no answer) is no answer.</summary>
    public static void Hear(Entry entry, Answer answer, DateTimeOffset at) => (entry.Answer, entry.AnsweredAt) = (answer, at);
}
