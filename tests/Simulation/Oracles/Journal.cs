using System.Text.Json;
using System.Text.RegularExpressions;
using Mall.Payments;

namespace Mall.Simulation;

/// <summary>What somebody asks the mall for; what its parts mean stands in <c>answers.sql</c>.</summary>
/// <param name="Wants">Products, and how much of each.</param>
public sealed record Asked(string Kind, string? Key, string Body, params (long Product, long Quantity)[] Wants)
{
    public string? Gid { get; init; }
    public string? Name { get; init; } // of a product or a user: no two requests give the same
    public long? UserId { get; init; }
    public long? Delta { get; init; }
    public long? Target { get; init; } // the order or the payment that it is about
    public bool IsWaiting { get; init; } = true; // false: it is answered as soon as the intent is durable

    public static Asked Order(string gid, bool isKeyed, long userId, IEnumerable<OrderLine> lines, bool isWaiting = true)
    {
        var wants = lines.OrderBy(line => line.ProductId).Select(line => (line.ProductId, line.Quantity)).ToArray();
        return new("order", isKeyed ? gid : null, $"order by {userId} of {string.Join(' ', wants)}", wants)
        {
            Gid = gid, UserId = userId, IsWaiting = isWaiting,
        };
    }

    public static Asked Registration(string gid, string mobile) =>
        new("registration", gid, $"registration of {mobile}") { Name = mobile };

    public static Asked Product(string key, string name, long price, long stock) =>
        new("product", key, $"product {name}, {stock} at {price}") { Name = name, Delta = stock };

    public static Asked Adjustment(string? key, long product, long delta) =>
        new("adjustment", key, $"{delta:+0;-0} of product {product}", (product, -delta)) { Delta = delta };

    /// <summary>A payment, a cancellation or a refund; the products are those whose stock may come back.</summary>
    public static Asked About(string act, OrderView order, string? key) => new(
        act, key is null ? null : $"{order.UserId} {key}", $"{act} of order {order.Id}",
        [.. order.Items.Select(item => (item.ProductId, item.Quantity))]) { Target = order.Id };

    /// <summary>What a bank says, or who says to be it.</summary>
    public static Asked Report(string kind, long payment, string result) =>
        new(kind, null, $"{kind} that payment {payment} {result}") { Target = payment, Name = result };

    public static Asked Abort(string gid) => new("abort", null, $"abort of {gid}") { Gid = gid };

    /// <summary>Whatever no oracle judges by itself: opening a shop, changing a product, an operator's wish.</summary>
    public static Asked Other(string body) => new("other", null, body);
}

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

/// <summary>Everything that clients asked and heard, for the oracles.</summary>
public sealed partial class Journal(SimulatedDatabase database)
{
    private static readonly Query<long> s_ask = ShortQueries.Number("""
        insert into asked (client, kind, key, body, gid, user_id, name, delta, lines, is_waiting, at, target)
        values (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12) returning number
        """);

    private static readonly Query<long> s_want = ShortQueries.Number("insert into wanted values (@p1, @p2, @p3)");
    private static readonly Query<long> s_hear = ShortQueries.Number(
        "update asked set until = @p2, code = @p3, said = @p4, view = @p5, about = @p6 where number = @p1");

    [GeneratedRegex(@"(?:product|user) (\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex About { get; }

    /// <summary>Somebody asks. A request that is repeated, by whomever, is asked again.</summary>
    /// <returns>Its number.</returns>
    public long Ask(string client, Asked what, DateTimeOffset at)
    {
        var lines = string.Join(' ', what.Wants.Select(want => $"{want.Product}:{want.Quantity}"));
        var number = database.Read(
            s_ask, client, what.Kind, what.Key, what.Body, what.Gid, what.UserId, what.Name, what.Delta, lines,
            what.IsWaiting ? 1 : 0, at.UtcTicks, what.Target)[0];
        foreach (var (product, quantity) in what.Wants) database.Read(s_want, number, product, quantity);
        return number;
    }

    /// <summary>And is answered, for certain. An unknown outcome (5xx, 429, no answer) is no answer.</summary>
    public void Hear(long number, Answer answer, DateTimeOffset at) => database.Read(
        s_hear, number, at.UtcTicks, answer.Code, answer.Text, ViewOf(answer.Value), About.Match(answer.Text).Groups[1].Value);

    private static string? ViewOf(object? value) => value switch
    {
        OrderView order => $"{order.Id}|{order.UserId}|{order.Amount}|" + string.Join(
            ' ', order.Items.OrderBy(item => item.ProductId).Select(item => $"{item.ProductId}:{item.Quantity}:{item.Price}")),
        ProductView product => $"{product.Id}",
        UserView user => $"{user.Id}",
        OpenedPayment { Payment: var payment } => $"{payment.Id}|{payment.Amount}",
        _ => null,
    };
}
