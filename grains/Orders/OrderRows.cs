namespace Mall.Orders;

/// <summary>The tables <c>orders</c> and <c>order_items</c>: shapes of their changes, and queries.</summary>
internal static class OrderRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_gid = new("gid", ColumnType.Text);
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_amount = new("amount", ColumnType.Number);
    private static readonly Column s_status = new("status", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);
    private static readonly Column s_closeTime = new("close_time", ColumnType.Number);
    private static readonly Column s_paidTime = new("paid_time", ColumnType.Number);
    private static readonly Column s_reason = new("reason", ColumnType.Text);
    private static readonly Column s_orderId = new("order_id", ColumnType.Number);
    private static readonly Column s_productId = new("product_id", ColumnType.Number);
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_quantity = new("quantity", ColumnType.Number);
    private static readonly Column s_price = new("price", ColumnType.Number);

    private static readonly Table s_orders = new("orders", s_id);
    private static readonly Table s_items = new("order_items", s_orderId, s_productId);

    private static readonly RowShape s_insert =
        s_orders.Insert(s_id, s_gid, s_userId, s_amount, s_status, s_createTime, s_updateTime, s_closeTime).Listed();

    private static readonly RowShape s_insertItem = s_items.Insert(s_orderId, s_productId, s_name, s_quantity, s_price);

    private static readonly RowShape s_end = s_orders.Update().Guard(s_status).Set(s_status, s_updateTime, s_closeTime, s_reason);

    private static readonly RowShape s_pay =
        s_orders.Update().Guard(s_status).Set(s_status, s_updateTime, s_closeTime, s_paidTime);

    private static readonly RowShape s_refund = s_orders.Update().Guard(s_status).Set(s_status, s_updateTime);

    /// <summary>An order, a row for each of its items.</summary>
    public static readonly Query<OrderLineRow> ById = Lines("select * from orders where id = @p1", "i.product_id");

    public static readonly Query<OrderLineRow> ByGid = Lines("select * from orders where gid = @p1", "i.product_id");

    /// <summary>
    /// An order and whether it stands. Its saga says so when it has ended, and a moment before that the barrier rows do: one for
    /// the order itself and one for each item. Of what has been cleaned up since, all has ended.
    /// </summary>
    public static readonly Query<OrderToPay> ToPay = new(
        """
        select o.user_id, o.amount, o.status,
          case when not exists (select 1 from sagas s where s.gid = o.gid and s.status <> 'succeed')
            or (select count(*) from barrier b where b.gid = o.gid and b.op = 'action' and b.reason = 'action')
              > (select count(*) from order_items i where i.order_id = o.id)
          then 1 else 0 end
        from orders o where o.id = @p1
        """,
        row => new OrderToPay(row.GetInt64(0), row.GetInt64(1), row.GetInt32(2), row.GetInt32(3) == 1));

    /// <summary>
    /// Orders of user @p1 behind position @p2 and id @p3, as far as position @p4, of statuses from @p6 to @p7: at most @p5.
    /// MySQL, which alone reads the hint, would rather find all orders of a user who has many.
    /// </summary>
    public static readonly Query<OrderLineRow> OfUser = Lines(
        """
        select * from orders /*! force index (orders_by_user) */
        where user_id = @p1 and position >= @p2 and (position > @p2 or id > @p3) and position <= @p4
          and status >= @p6 and status <= @p7
        order by position, id limit @p5
        """,
        "o.position, o.id, i.product_id");

    /// <summary>Likewise backwards, and from position @p4 on.</summary>
    public static readonly Query<OrderLineRow> NewestOfUser = Lines(
        """
        select * from orders /*! force index (orders_by_user) */
        where user_id = @p1 and position <= @p2 and (position < @p2 or id < @p3) and position >= @p4
          and status >= @p6 and status <= @p7
        order by position desc, id desc limit @p5
        """,
        "o.position desc, o.id desc, i.product_id");

    public static RowChange[] Insert(OrderView order) =>
    [
        s_insert.With(
            order.Id, order.Gid, order.UserId, order.Amount, order.Status, order.CreatedAt, order.CreatedAt, order.ClosesAt),
        .. order.Items.Select(i => s_insertItem.With(order.Id, i.ProductId, i.Name, i.Quantity, i.Price)),
    ];

    /// <summary>An order that is created does not come to stand, and has no closing time any more.</summary>
    /// <param name="reason">See <see cref="SagaReason"/>.</param>
    public static RowChange Void(long id, string reason, DateTimeOffset now) =>
        s_end.With(id, OrderStatus.Created, OrderStatus.Void, now, Value.Null, reason);

    /// <summary>An order that is created is paid, and does not close any more.</summary>
    public static RowChange Paid(long id, DateTimeOffset paidAt, DateTimeOffset now) =>
        s_pay.With(id, OrderStatus.Created, OrderStatus.Paid, now, Value.Null, paidAt);

    /// <summary>An order that is paid is refunded.</summary>
    public static RowChange Refunded(long id, DateTimeOffset now) =>
        s_refund.With(id, OrderStatus.Paid, OrderStatus.Refunded, now);

    private static Query<OrderLineRow> Lines(string orders, string order) => new(
        $"""
        select o.id, o.gid, o.user_id, o.amount, o.status, o.create_time, o.close_time, o.paid_time, o.reason, o.position,
          i.product_id, i.name, i.quantity, i.price
        from ({orders}) o join order_items i on i.order_id = o.id
        order by {order}
        """,
        row => new OrderLineRow(
            new OrderRow(
                row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt32(4),
                DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
                row.IsDBNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
                row.IsDBNull(7) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)),
                row.IsDBNull(8) ? null : row.GetString(8), row.GetInt64(9)),
            new OrderItem(row.GetInt64(10), row.GetString(11), row.GetInt64(12), row.GetInt64(13))));
}

/// <summary>A row of <c>orders</c>.</summary>
internal sealed record OrderRow(
    long Id, string Gid, long UserId, long Amount, int Status,
    DateTimeOffset CreatedAt, DateTimeOffset? ClosesAt, DateTimeOffset? PaidAt, string? Reason, long Position)
{
    /// <summary>The order as its user sees it.</summary>
    /// <param name="closeAfter">After which time it would have closed, when that is no longer written down.</param>
    public OrderView View(IEnumerable<OrderItem> items, TimeSpan closeAfter) => new(
        Id, Gid, UserId, [.. items], Amount, Status, CreatedAt, ClosesAt ?? CreatedAt + closeAfter, PaidAt, Reason);
}

/// <summary>A row of <c>order_items</c>, with its order.</summary>
internal sealed record OrderLineRow(OrderRow Order, OrderItem Item);
