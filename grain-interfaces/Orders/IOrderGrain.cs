namespace Mall.Orders;

/// <summary>An order's life after it has been placed. The key is the order's id.</summary>
[Alias("mall.IOrderGrain")]
public interface IOrderGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Closes an order that nobody has paid, and gives its stock back; completes when that is done. Again it is a no-op with the
    /// same answer. Refused with 400001 when there is no such order, 100004 when it is somebody else's, 400002 when it is still
    /// being placed, paid, refunded or void, 100007 when the key was used for something else.
    /// </summary>
    [Alias("Cancel")]
    Task<Result<OrderView>> Cancel(long userId, Idempotency? idempotency);

    /// <summary>
    /// Takes the order out of its user's lists in older malls, once it is closed if it was unpaid. Idempotent. Refused as
    /// <see cref="Cancel"/>, but for an order that has ended or is paid.
    /// </summary>
    [Alias("Hide")]
    Task<Result<Done>> Hide(long userId);

    /// <summary>
    /// What due work does with an order whose time has come: the same for the mall itself. An order that is still being placed is
    /// left for a later time, any other than an unpaid one is left as it is.
    /// </summary>
    [Alias("Close")]
    Task Close();
}

/// <summary>Closes one order. The key is the saga's gid, see <see cref="Gids"/>.</summary>
[Alias("mall.IOrderClosingSagaGrain")]
public interface IOrderClosingSagaGrain : ISagaGrain
{
    /// <summary>
    /// Completes when the order is closed and all its stock is back. Idempotent: an order is closed once. Refused with 400002
    /// when it has been paid, refunded or has become void meanwhile.
    /// </summary>
    /// <param name="order">As it was placed; every branch of its saga is known to be done.</param>
    [Alias("Close"), AlwaysInterleave]
    Task<Result<OrderView>> Close(OrderView order);

    /// <summary>Completes once the order is closed; its stock comes back behind that. Refused as <see cref="Close"/>.</summary>
    [Alias("Begin"), AlwaysInterleave]
    Task<Result<OrderView>> Begin(OrderView order);
}
