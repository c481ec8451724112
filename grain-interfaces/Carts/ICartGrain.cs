using Mall.Orders;

namespace Mall.Carts;

/// <summary>A customer's cart. The key is the user's id.</summary>
[Alias("mall.ICartGrain")]
public interface ICartGrain : IGrainWithIntegerKey
{
    /// <summary>What is in it, at today's prices. Refused with 100002 when these add up to more than can be told.</summary>
    [Alias("Get")]
    Task<Result<CartView>> Get();

    /// <summary>
    /// Sets how many of a product are in the cart; 0 takes it out. Idempotent. Refused with 300001 or 300003 for a product that
    /// cannot be bought, 100002 beyond <see cref="CartLimits.MaxProducts"/> or <see cref="ExactNumbers.Max"/> in all.
    /// </summary>
    /// <param name="quantity">0 to 1000.</param>
    [Alias("Put")]
    Task<Result<CartView>> Put(long productId, long quantity);

    /// <summary>Takes everything out. Idempotent.</summary>
    [Alias("Clear")]
    Task Clear();

    /// <summary>
    /// Places an order of all that is in the cart, and takes exactly that out of it once the order stands. Idempotent by gid: a
    /// repeat looks at the order, not at the cart. Refused with 100002 when the cart is empty, else as
    /// <see cref="IOrderSagaGrain.Place"/>; the cart then stays as it is.
    /// </summary>
    [Alias("Checkout")]
    Task<Result<CheckedOut>> Checkout(CheckoutCart command);
}

public static class CartLimits
{
    public const int MaxProducts = 50;
}

/// <param name="Gid">Of the order's saga.</param>
/// <param name="RequestHash">Hash of the request under an idempotency key, else null.</param>
/// <param name="Wait">False: answer as soon as the order's intent is durable.</param>
[GenerateSerializer, Immutable, Alias("mall.CheckoutCart")]
public sealed record CheckoutCart(string Gid, string? RequestHash, bool Wait);

/// <param name="Order">Null when nobody waited for it.</param>
[GenerateSerializer, Immutable, Alias("mall.CheckedOut")]
public sealed record CheckedOut(string Gid, OrderView? Order);

/// <param name="Amount">Of all items at today's prices, in minor units.</param>
[GenerateSerializer, Immutable, Alias("mall.CartView")]
public sealed record CartView(ImmutableArray<CartItem> Items, long Amount);

/// <param name="Price">Of one, today, in minor units.</param>
/// <param name="Available">The smaller of stock and quantity; 0 for what is gone or off sale.</param>
[GenerateSerializer, Immutable, Alias("mall.CartItem")]
public sealed record CartItem(long ProductId, string Name, long Quantity, long Price, long Available);
