namespace Mall.Orders;

/// <summary>What of an order decides whether somebody may have it paid, cancelled or refunded.</summary>
/// <param name="IsPlaced">
/// Every branch of its saga is done, so that nothing can void it any more. Until then it is the saga's alone.
/// </param>
internal sealed record OrderToPay(long UserId, long Amount, int Status, bool IsPlaced)
{
    /// <summary>Null when it may be paid, or has been: then its payment is there.</summary>
    public static Refusal? WhyNot(long orderId, OrderToPay? order, long userId) => order switch
    {
        null => Result.Refused(ErrorCodes.NoSuchOrder, $"There is no order {orderId}."),
        _ when order.UserId != userId => Result.Refused(ErrorCodes.Forbidden, $"Order {orderId} is not yours."),
        { Status: OrderStatus.Paid or OrderStatus.Refunded } => null,
        { Status: OrderStatus.Created, IsPlaced: true } => null,
        { Status: OrderStatus.Created } => Result.Refused(
            ErrorCodes.OrderStatusForbids, $"Order {orderId} is being placed; it can be paid when it stands."),
        _ => Result.Refused(
            ErrorCodes.OrderStatusForbids, $"Order {orderId} is {OrderStatus.Text(order.Status)} and cannot be paid."),
    };
}
