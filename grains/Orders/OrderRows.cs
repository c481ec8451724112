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
    private static readonly Column s_reason = new("reason", ColumnType.Text);
    private static readonly Column s_orderId = new("order_id", ColumnType.Number);
    private static readonly Column s_productId = new("product_id", ColumnType.Number);
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_quantity = new("quantity", ColumnType.Number);
    private static readonly Column s_price = new("price", ColumnType.Number);

    private static readonly Table s_orders = new("orders", s_id);
    private static readonly Table s_items = new("order_items", s_orderId, s_productId);

    private static readonly RowShape s_insert =
        s_orders.Insert(s_id, s_gid, s_userId, s_amount, s_status, s_createTime, s_updateTime, s_closeTime);

    private static readonly RowShape s_insertItem = s_items.Insert(s_orderId, s_productId, s_name, s_quantity, s_price);

    private static readonly RowShape s_end = s_orders.Update().Guard(s_status).Set(s_status, s_updateTime, s_closeTime, s_reason);

    private const string Select =
        "select id, gid, user_id, amount, status, create_time, close_time, paid_time, reason from orders ";

    public static readonly Query<OrderRow> ById = new(Select + "where id = @p1", Read);

    public static readonly Query<OrderRow> ByGid = new(Select + "where gid = @p1", Read);

    public static readonly Query<OrderRow> PageOfUser =
        new(Select + "where user_id = @p1 and id > @p2 order by id limit @p3", Read);

    public static readonly Query<OrderRow> PageOfUserAndStatus =
        new(Select + "where user_id = @p1 and id > @p2 and status = @p4 order by id limit @p3", Read);

    /// <summary>The items of the orders from @p1 to @p2 that belong to user @p3.</summary>
    public static readonly Query<OrderItemRow> ItemsBetween = new(
        """
        select i.order_id, i.product_id, i.name, i.quantity, i.price
        from order_items i join orders o on o.id = i.order_id
        where i.order_id >= @p1 and i.order_id <= @p2 and o.user_id = @p3
        order by i.order_id, i.product_id
        """,
        row => new OrderItemRow(
            row.GetInt64(0), new OrderItem(row.GetInt64(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4))));

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

    private static OrderRow Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt32(4),
        DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(5)),
        row.IsDBNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(6)),
        row.IsDBNull(7) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(7)),
        row.IsDBNull(8) ? null : row.GetString(8));
}

/// <summary>A row of <c>orders</c>.</summary>
internal sealed record OrderRow(
    long Id, string Gid, long UserId, long Amount, int Status,
    DateTimeOffset CreatedAt, DateTimeOffset? ClosesAt, DateTimeOffset? PaidAt, string? Reason)
{
    /// <summary>The order as its user sees it.</summary>
    /// <param name="closeAfter">After which time it would have closed, when that is no longer written down.</param>
    public OrderView View(IEnumerable<OrderItem> items, TimeSpan closeAfter) => new(
        Id, Gid, UserId, [.. items], Amount, Status, CreatedAt, ClosesAt ?? CreatedAt + closeAfter, PaidAt, Reason);
}

/// <summary>A row of <c>order_items</c>.</summary>
internal sealed record OrderItemRow(long OrderId, OrderItem Item);
