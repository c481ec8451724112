namespace Mall.Api.Orders;

/// <summary>An order, as REST shows it.</summary>
/// <param name="Id">Positive.</param>
/// <param name="Gid">The saga that made it.</param>
/// <param name="UserId">Whose it is.</param>
/// <param name="Items">What was ordered, at the prices of that moment.</param>
/// <param name="Amount">Minor units (cents).</param>
/// <param name="Status">0 created, 1 paid, 2 closed, 3 refunded, 9 void.</param>
/// <param name="StatusText">The status in words.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="ClosesAt">When it closes if it has not been paid.</param>
/// <param name="PaidAt">Absent until it is paid.</param>
/// <param name="Reason">Of a void order: the code and why.</param>
internal sealed record OrderAnswer(
    long Id, string Gid, long UserId, IReadOnlyList<OrderItemAnswer> Items, long Amount, int Status, string StatusText,
    DateTime CreatedAt, DateTime ClosesAt, DateTime? PaidAt, string? Reason)
{
    public static OrderAnswer Of(OrderView order) => new(
        order.Id, order.Gid, order.UserId,
        [.. order.Items.Select(item => new OrderItemAnswer(item.ProductId, item.Name, item.Quantity, item.Price))],
        order.Amount, order.Status, OrderStatus.Text(order.Status),
        order.CreatedAt.UtcDateTime, order.ClosesAt.UtcDateTime, order.PaidAt?.UtcDateTime,
        order.Reason);
}

/// <param name="Price">Of one, in minor units (cents), when the order was placed.</param>
internal sealed record OrderItemAnswer(long ProductId, string Name, long Quantity, long Price);

/// <summary>An order whose intent is durable and whose saga runs.</summary>
/// <param name="Gid">The order will carry it.</param>
internal sealed record SubmittedAnswer(string Gid);

/// <param name="Next">What to give as <c>after</c> for the next page; null when there is none now.</param>
/// <param name="Cursor">What to give as <c>after</c> later, for what has come since.</param>
internal sealed record OrderPageAnswer(
    IReadOnlyList<OrderAnswer> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next, string Cursor)
{
    public static OrderPageAnswer Of(ListPage<OrderView> page) =>
        new([.. page.Items.Select(OrderAnswer.Of)], page.Next?.ToString(), page.Cursor.ToString());
}
