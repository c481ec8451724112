namespace Mall.Orders;

/// <summary>The tables <c>orders</c> and <c>order_items</c>: shapes of their changes, and queries.</summary>
internal static class OrderRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_gid = new("gid", ColumnType.Text);
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_amount = new("amount", ColumnType.Number);
    private static readonly Column s_status = new("status", ColumnType.Number, OrderStatus.Created);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);
    private static readonly Column s_closeTime = new("close_time", ColumnType.Number);
    private static readonly Column s_paidTime = new("paid_time", ColumnType.Number);
    private static readonly Column s_promisedCloseTime = new("promised_close_time", ColumnType.Number);
    private static readonly Column s_extras = new("extras", ColumnType.Text);
    private static readonly Column s_isHidden = new("is_hidden", ColumnType.Number);
    private static readonly Column s_reason = new("reason", ColumnType.Text);
    private static readonly Column s_orderId = new("order_id", ColumnType.Number);
    private static readonly Column s_productId = new("product_id", ColumnType.Number);
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_quantity = new("quantity", ColumnType.Number);
    private static readonly Column s_price = new("price", ColumnType.Number);

    private const int FirstColumnBehindLine = 16;

    private static readonly Table s_orders = new("orders", s_id);
    private static readonly Table s_items = new("order_items", s_orderId, s_productId);

    private static readonly RowShape s_insert =
        s_orders.Insert(
            s_id, s_gid, s_userId, s_amount, s_status, s_createTime, s_updateTime, s_closeTime, s_promisedCloseTime,
            s_extras, s_reason).Listed();

    private static readonly RowShape s_insertItem = s_items.Insert(s_orderId, s_productId, s_name, s_quantity, s_price);

    private static readonly RowShape s_end = s_orders.Update().Guard(s_status).Set(s_status, s_updateTime, s_closeTime, s_reason);

    private static readonly RowShape s_pay =
        s_orders.Update().Guard(s_status).Set(s_status, s_updateTime, s_closeTime, s_paidTime);

    private static readonly RowShape s_refund = s_orders.Update().Guard(s_status).Set(s_status, s_updateTime);

    // Of the time that due work moves: the status is the guard.
    private static readonly RowShape s_close = s_orders.Update().Guard(s_status).Set(s_status, s_updateTime, s_closeTime);
    private static readonly RowShape s_hide = s_orders.Update().Set(s_isHidden);
    private static readonly RowShape s_closeLater = s_orders.Update().Guard(s_status).Set(s_closeTime);

    /// <summary>An order that has not been paid is due at its time; null when there is nothing to wait for any more.</summary>
    public static readonly DueColumn Due = new("order.close", s_orders, s_closeTime);

    /// <summary>An order, a row for each of its items.</summary>
    public static readonly Query<OrderLineRow> ById = Lines("select * from orders where id = @p1", "i.product_id");

    /// <summary>
    /// The same with how far its saga is: it has ended, perhaps so long ago that it is gone (that it failed would stand in the
    /// order's status); or each of its branches has its row in the barrier; or not even that.
    /// </summary>
    public static readonly Query<(OrderLineRow Line, Placing Placing)> PlacedById = Lines(
        "select * from orders where id = @p1",
        "i.product_id",
        """
        , case
            when coalesce((select s.status from sagas s where s.gid = o.gid), 'succeed') = 'succeed' then 2
            when (select count(*) from barrier b where b.gid = o.gid and b.op = 'action' and b.reason = 'action')
              = 1 + (select count(*) from order_items c where c.order_id = o.id) then 1
            else 0
          end
        """,
        (row, line) => (line, (Placing)row.GetInt32(FirstColumnBehindLine)));

    public static readonly Query<int?> StatusOf = new("select status from orders where id = @p1", row => row.GetInt32(0));

    public static readonly Query<(long Id, int Status)> StatusesOf = new(
        "select id, status from orders where id in ("
            + string.Join(", ", Enumerable.Range(1, OrdersAtOnce.Most).Select(i => $"@p{i}")) + ")",
        row => (row.GetInt64(0), row.GetInt32(1)));

    public static readonly Query<OrderLineRow> ByGid = Lines("select * from orders where gid = @p1", "i.product_id");

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

    /// <summary>An order that is created, or one that is void from its first day on.</summary>
    public static RowChange[] Insert(OrderView order) =>
    [
        s_insert.With(
            order.Id, order.Gid, order.UserId, order.Amount, order.Status, order.CreatedAt, order.CreatedAt,
            order.Status == OrderStatus.Created ? order.ClosesAt : Value.Null, order.ClosesAt, order.Extras, order.Reason),
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

    /// <summary>An order that waits for its payment is closed instead.</summary>
    public static RowChange Close(long id, DateTimeOffset now) =>
        s_close.With(id, OrderStatus.Created, OrderStatus.Closed, now, Value.Null);

    /// <summary>An order that waits for its payment is not to be closed before that time.</summary>
    public static RowChange CloseLater(long id, DateTimeOffset time) => s_closeLater.With(id, OrderStatus.Created, time);

    /// <summary>Its user does not want to see it in the lists of older malls any more.</summary>
    public static RowChange Hide(long id) => s_hide.With(id, 1);

    /// <summary>A time as the database keeps it, so that the first answer and every later one are the same.</summary>
    public static DateTimeOffset AsKept(DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    /// <summary>The order of these lines as it was when it was placed; null when there are none.</summary>
    /// <param name="closeAfter">See <see cref="OrderRow.View"/>.</param>
    public static OrderView? AsPlaced(IReadOnlyList<OrderLineRow> lines, TimeSpan closeAfter = default) =>
        lines is not [{ Order: var row }, ..] ? null : row.View(lines.Select(line => line.Item), closeAfter) with
        {
            Status = OrderStatus.Created, PaidAt = null, Reason = null, IsHidden = false,
        };

    /// <summary>What a user is refused an order with that is not there or not theirs; null for their own.</summary>
    public static Refusal? WhyNotOf(long userId, long id, OrderRow? order) => order switch
    {
        null => Result.Refused(ErrorCodes.NoSuchOrder, $"There is no order {id}."),
        { UserId: var owner } when owner != userId => Result.Refused(ErrorCodes.Forbidden, $"Order {id} is not yours."),
        _ => null,
    };

    /// <summary>What a change of status is refused with that is not allowed from this one.</summary>
    public static Refusal NotFrom(long id, int status) =>
        Result.Refused(ErrorCodes.OrderStatusForbids, $"Order {id} is {OrderStatus.Text(status)}.");

    private static Query<OrderLineRow> Lines(string orders, string order) => Lines(orders, order, "", (_, line) => line);

    private static Query<T> Lines<T>(string orders, string order, string more, Func<DbDataReader, OrderLineRow, T> map) => new(
        $"""
        select o.id, o.gid, o.user_id, o.amount, o.status, o.create_time, o.paid_time, o.reason, o.position,
          i.product_id, i.name, i.quantity, i.price, o.promised_close_time, o.extras, o.is_hidden
          {more}
        from ({orders}) o join order_items i on i.order_id = o.id
        order by {order}
        """,
        row => map(row, new OrderLineRow(
            new OrderRow(
                row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt32(4), row.Time(5),
                row.TimeOrNull(13), row.TimeOrNull(6), row.TextOrNull(7), row.GetInt64(8), row.TextOrNull(14),
                row.GetInt32(15) != 0),
            new OrderItem(row.GetInt64(9), row.GetString(10), row.GetInt64(11), row.GetInt64(12)))));
}

/// <summary>How far the saga that places an order is.</summary>
internal enum Placing
{
    UnderWay,

    /// <summary>Every branch is done, and its client may have been told; that it has succeeded is about to be written.</summary>
    Done,

    Ended,
}

/// <summary>A row of <c>orders</c>.</summary>
internal sealed record OrderRow(
    long Id, string Gid, long UserId, long Amount, int Status,
    DateTimeOffset CreatedAt, DateTimeOffset? ClosesAt, DateTimeOffset? PaidAt, string? Reason, long Position,
    string? Extras, bool IsHidden)
{
    /// <summary>The order as its user sees it.</summary>
    /// <param name="closeAfter">After which time it would have closed, when that is not written down: see migration 12.</param>
    public OrderView View(IEnumerable<OrderItem> items, TimeSpan closeAfter) => new(
        Id, Gid, UserId, [.. items], Amount, Status, CreatedAt, ClosesAt ?? CreatedAt + closeAfter, PaidAt, Reason,
        Extras, IsHidden);
}

/// <summary>A row of <c>order_items</c>, with its order.</summary>
internal sealed record OrderLineRow(OrderRow Order, OrderItem Item);
