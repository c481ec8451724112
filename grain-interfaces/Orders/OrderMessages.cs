using System.Text.Json.Serialization;

namespace Mall.Orders;

/// <summary>An order's life: 0→1, 0→2, 1→3, 0→9 and nothing else.</summary>
public static class OrderStatus
{
    public const int Created = 0;
    public const int Paid = 1;
    public const int Closed = 2;
    public const int Refunded = 3;
    public const int Void = 9;

    /// <summary>The status in words, as clients see it.</summary>
    public static string Text(int status) => status switch
    {
        Created => "created",
        Paid => "paid",
        Closed => "closed",
        Refunded => "refunded",
        Void => "void",
        _ => $"unknown ({status})",
    };
}

/// <summary>What a customer asks for: a product and how many.</summary>
[GenerateSerializer, Immutable, Alias("mall.OrderLine")]
public sealed record OrderLine(long ProductId, long Quantity);

/// <param name="Lines">1 to 50, each product once.</param>
/// <param name="RequestHash">Hash of the request under an idempotency key, else null.</param>
/// <param name="Extras">What is kept with it and means nothing to this mall; else null.</param>
[GenerateSerializer, Immutable, Alias("mall.PlaceOrder")]
public sealed record PlaceOrder(long UserId, ImmutableArray<OrderLine> Lines, string? RequestHash, string? Extras = null);

/// <param name="Price">Of one, in minor units, when the order was placed.</param>
[GenerateSerializer, Immutable, Alias("mall.OrderItem")]
public sealed record OrderItem(long ProductId, string Name, long Quantity, long Price);

/// <param name="Amount">Minor units.</param>
/// <param name="Status">One of <see cref="OrderStatus"/>.</param>
/// <param name="ClosesAt">When it closes if it has not been paid.</param>
/// <param name="Reason">Why it is void: the code and a sentence. Else null.</param>
/// <param name="Extras">What was kept with it, see <see cref="PlaceOrder"/>.</param>
/// <param name="IsHidden">Its user does not want to see it in the lists of older malls.</param>
[GenerateSerializer, Immutable, Alias("mall.OrderView")]
public sealed record OrderView(
    long Id, string Gid, long UserId, ImmutableArray<OrderItem> Items, long Amount, int Status,
    DateTimeOffset CreatedAt, DateTimeOffset ClosesAt, DateTimeOffset? PaidAt, string? Reason = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Extras = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool IsHidden = false);

/// <summary>How many orders may be asked for at once.</summary>
public static class OrdersAtOnce
{
    public const int Most = 100;

    /// <summary>The status of an order that there is not.</summary>
    public const int Unknown = -1;
}

/// <summary>Which of a user's orders, and where to begin.</summary>
/// <param name="Status">Null for all.</param>
/// <param name="After">Null: at the beginning, or at the end when <paramref name="NewestFirst"/>.</param>
/// <param name="Limit">1 to 100.</param>
[GenerateSerializer, Immutable, Alias("mall.ListOrders")]
public sealed record ListOrders(long UserId, int? Status, ListPlace? After, int Limit, bool NewestFirst = false);
