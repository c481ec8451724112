namespace Mall.Events;

/// <summary>What events are called, for whoever commits them and for whoever subscribes to them.</summary>
public static class EventTypes
{
    public const string UserRegistered = "user.registered";
    public const string OrderPlaced = "order.placed";
    public const string OrderPaid = "order.paid";
    public const string OrderClosed = "order.closed";
    public const string OrderRefunded = "order.refunded";
    public const string StockLow = "stock.low";
    public const string ShopReport = "shop.report";

    public static ImmutableArray<string> All { get; } =
        [UserRegistered, OrderPlaced, OrderPaid, OrderClosed, OrderRefunded, StockLow, ShopReport];
}
