namespace Mall.Simulation;

/// <summary>What somebody asks the mall for; what its parts mean stands in <c>answers.sql</c>, which gets it as JSON.</summary>
public sealed record Asked(string Kind, string? Key, string Body, params OrderLine[] Wants)
{
    public string? Gid { get; init; }
    public string? Name { get; init; } // of a product or a user: no two requests give the same
    public long? UserId { get; init; }
    public long? Delta { get; init; }
    public long? Target { get; init; } // the order or the payment that it is about
    public bool IsWaiting { get; init; } = true; // false: it is answered as soon as the intent is durable

    public static Asked Order(string gid, bool isKeyed, long userId, IEnumerable<OrderLine> lines, bool isWaiting = true)
    {
        var wants = lines.OrderBy(line => line.ProductId).ToArray();
        var body = $"order by {userId} of {string.Join(' ', wants.Select(line => $"{line.ProductId}:{line.Quantity}"))}";
        return new("order", isKeyed ? gid : null, body, wants) { Gid = gid, UserId = userId, IsWaiting = isWaiting };
    }

    public static Asked Registration(string gid, string mobile) =>
        new("registration", gid, $"registration of {mobile}") { Name = mobile };
    public static Asked Product(string key, string name, long price, long stock) =>
        new("product", key, $"product {name}, {stock} at {price}") { Name = name, Delta = stock };
    public static Asked Adjustment(string? key, long product, long delta) =>
        new("adjustment", key, $"{delta:+0;-0} of product {product}", new OrderLine(product, -delta)) { Delta = delta };

    /// <summary>A payment, a cancellation or a refund; the products are those whose stock may come back.</summary>
    public static Asked About(string act, OrderView order, string? key) => new(
        act, key is null ? null : $"{order.UserId} {key}", $"{act} of order {order.Id}",
        [.. order.Items.Select(item => new OrderLine(item.ProductId, item.Quantity))]) { Target = order.Id };

    /// <summary>What a bank says, or who says to be it.</summary>
    public static Asked Report(string kind, long payment, string result) =>
        new(kind, null, $"{kind} that payment {payment} {result}") { Target = payment, Name = result };
    public static Asked Abort(string gid) => new("abort", null, $"abort of {gid}") { Gid = gid };

    /// <summary>Whatever no oracle judges by itself: opening a shop, changing a product, an operator's wish.</summary>
    public static Asked Other(string body) => new("other", null, body);
}

/// <summary>What was answered: the value, also as text, or why it was refused, in a code and a sentence.</summary>
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
    private static readonly Query<long> s_ask = ShortQueries.Number(
        "insert into asked (client, at, what) values (@p1, @p2, @p3) returning number");
    private static readonly Query<long> s_hear = ShortQueries.Number(
        "update asked set until = @p2, code = @p3, said = @p4, about = @p5 where number = @p1");

    [GeneratedRegex(@"(?:product|user) (\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex About { get; }

    /// <summary>Somebody asks, perhaps again.</summary>
    /// <returns>The number of this request.</returns>
    public long Ask(string client, Asked what, DateTimeOffset at) =>
        database.Read(s_ask, client, at.UtcTicks, JsonSerializer.Serialize(what))[0];

    /// <summary>And is answered, for certain. An unknown outcome (5xx, 429, no answer) is no answer.</summary>
    public void Hear(long number, Answer answer, DateTimeOffset at) =>
        database.Read(s_hear, number, at.UtcTicks, answer.Code, answer.Text, About.Match(answer.Text).Groups[1].Value);
}
