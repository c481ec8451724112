namespace Mall.Orders;

/// <summary>Places an order: creates it and takes the stock of each product, or leaves no trace but a void order.</summary>
[Alias("mall.IOrderSagaGrain")]
public interface IOrderSagaGrain : ISagaGrain
{
    /// <summary>
    /// Completes when every branch is known to be done, or the saga has failed. Idempotent by gid: the same order, or the same
    /// refusal. Refused with 200001, 300001, 300002, 300003, with 100002 when it amounts to too much, or with 100007 when the
    /// gid was used for another request.
    /// </summary>
    [Alias("Place"), AlwaysInterleave]
    Task<Result<OrderView>> Place(PlaceOrder command);

    /// <summary>Completes once the intent is durable; the saga then ends by itself. Refused as <see cref="Place"/>.</summary>
    [Alias("Submit"), AlwaysInterleave]
    Task<Result<Done>> Submit(PlaceOrder command);

    /// <summary>
    /// Completes as <see cref="Place"/> for an order that was placed under this gid before; null when none was. Refused with
    /// 100007 when it was for another request.
    /// </summary>
    [Alias("Placed"), AlwaysInterleave]
    Task<Result<OrderView>?> Placed(string? requestHash);
}

/// <summary>Reads orders from the database. Key 0.</summary>
[Alias("mall.IOrderHistoryGrain")]
public interface IOrderHistoryGrain : IGrainWithIntegerKey
{
    /// <summary>Refused with 400001 when there is no such order, 100004 when it is somebody else's.</summary>
    [Alias("Get"), ReadOnly]
    Task<Result<OrderView>> Get(long userId, long orderId);

    /// <summary>
    /// In the order of their commits. Who follows oldest first misses none: what an older commit under way may yet come before is
    /// held back. Newest first shows all that is committed.
    /// </summary>
    [Alias("List"), ReadOnly]
    Task<ListPage<OrderView>> List(ListOrders query);

    /// <summary>The statuses of at most <see cref="OrdersAtOnce.Most"/> orders of anybody, in the order of these ids.</summary>
    [Alias("Statuses"), ReadOnly]
    Task<ImmutableArray<int>> Statuses(ImmutableArray<long> orderIds);

    /// <summary>The user's order of a saga; null when there is none.</summary>
    [Alias("OfSaga"), ReadOnly]
    Task<OrderView?> OfSaga(long userId, string gid);
}
