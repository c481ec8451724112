namespace Mall.Events;

/// <summary>What events of orders tell.</summary>
/// <param name="Items">With <c>order.placed</c>.</param>
public sealed record OrderEvent(long OrderId, string Gid, long UserId, long Amount, ImmutableArray<OrderItem>? Items = null);

/// <summary>What <c>user.registered</c> tells; nothing by which somebody outside the mall could reach the user.</summary>
public sealed record UserEvent(long UserId, string Name);

/// <summary>What <c>stock.low</c> tells.</summary>
/// <param name="Stock">What is left.</param>
public sealed record StockEvent(long ProductId, long ShopId, long Stock);

/// <summary>What <c>shop.report</c> tells: what a shop sold on a day.</summary>
/// <param name="Day">Such as <c>2026-01-31</c>.</param>
/// <param name="Orders">That were paid and not given back.</param>
/// <param name="Amount">In minor units.</param>
/// <param name="Corrects">True when that day has been told before, otherwise; null when not.</param>
public sealed record ShopReport(long ShopId, string Day, long Orders, long Units, long Amount, bool? Corrects = null);

/// <summary>How what events tell is written down.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OrderEvent))]
[JsonSerializable(typeof(UserEvent))]
[JsonSerializable(typeof(StockEvent))]
[JsonSerializable(typeof(ShopReport))]
internal sealed partial class EventJson : JsonSerializerContext;
