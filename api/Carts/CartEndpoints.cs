using Mall.Carts;

namespace Mall.Api.Carts;

/// <summary>A cart at today's prices.</summary>
/// <param name="Amount">Of all items, in minor units (cents).</param>
internal sealed record CartAnswer(IReadOnlyList<CartItemAnswer> Items, long Amount)
{
    public static CartAnswer Of(CartView cart) => new(
        [.. cart.Items.Select(i => new CartItemAnswer(i.ProductId, i.Name, i.Quantity, i.Price, i.Available))], cart.Amount);
}

/// <param name="Price">Of one, in minor units (cents).</param>
/// <param name="Available">The smaller of stock and quantity; 0 for what is gone or off sale.</param>
internal sealed record CartItemAnswer(long ProductId, string Name, long Quantity, long Price, long Available);

/// <summary>How many of a product the cart is to hold.</summary>
/// <param name="Quantity">0 to 1,000; 0 takes it out.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record CartItemInput([property: Range(0, OrderDesk.MaxQuantity)] long? Quantity);

/// <summary>REST: the caller's cart.</summary>
internal static class CartEndpoints
{
    public static void MapCart(this IEndpointRouteBuilder routes)
    {
        var cart = routes.MapGroup("/v1/cart").WithTags("Cart").RequireAuthorization(Policies.User);
        cart.MapGet("", Get);
        cart.MapPut("/items/{productId}", Put).Refuses(ErrorCodes.NoSuchProduct, ErrorCodes.ProductOffSale);
        cart.MapDelete("", Clear);
        cart.MapPost("/checkout", Checkout).Refuses(
            ErrorCodes.NoSuchProduct, ErrorCodes.NotEnoughStock, ErrorCodes.ProductOffSale, ErrorCodes.KeyReused);
    }

    /// <summary>Look into my cart</summary>
    /// <response code="200">The cart.</response>
    internal static async Task<Ok<CartAnswer>> Get(Caller caller, IGrainFactory grains, Patience patience) =>
        (await patience.Insist(() => CartOf(caller, grains).Get())).As(CartAnswer.Of);

    /// <summary>Put a product into my cart</summary>
    /// <remarks>Sets how many there are, whatever there were. At most 50 products.</remarks>
    /// <param name="productId">The product.</param>
    /// <param name="body" example='{"quantity": 2}'>How many.</param>
    /// <response code="200">The cart after it.</response>
    internal static async Task<Ok<CartAnswer>> Put(
        Caller caller, long productId, Body<CartItemInput> body, IGrainFactory grains, Patience patience)
    {
        var checks = new FieldChecks();
        var quantity = checks.Number("quantity", body.Value.Quantity, 0, OrderDesk.MaxQuantity);
        checks.ThrowIfAny();
        return (await patience.Insist(() => CartOf(caller, grains).Put(productId, quantity))).As(CartAnswer.Of);
    }

    /// <summary>Empty my cart</summary>
    /// <response code="204">Empty.</response>
    internal static async Task<NoContent> Clear(Caller caller, IGrainFactory grains, Patience patience)
    {
        await patience.Insist(async () =>
        {
            await CartOf(caller, grains).Clear();
            return Done.It;
        });
        return new(null);
    }

    /// <summary>Order what is in my cart</summary>
    /// <remarks>
    /// All of it or nothing. When the order stands, exactly what was ordered leaves the cart. Repeated under its key it gives the
    /// same order, whatever is in the cart by then.
    /// </remarks>
    /// <param name="wait">Whether to wait for the outcome.</param>
    /// <response code="201">Placed.</response>
    /// <response code="202">On its way.</response>
    internal static async Task<Placed> Checkout(
        Caller caller, [IdempotencyKey] string? key, IGrainFactory grains, Patience patience, bool wait = true)
    {
        var command = key is null
            ? new CheckoutCart(Gids.New("order", Guid.CreateVersion7()), null, wait)
            : new CheckoutCart(Gids.FromKey("order", caller.UserId, key), IdempotencyKeys.Hash("checkout"), wait);
        var done = await patience.Insist(() => CartOf(caller, grains).Checkout(command));
        return done.Value is { Order: null }
            ? new Accepted<SubmittedAnswer>(done.As(o => new SubmittedAnswer(o.Gid)), "/v1/orders")
            : new Created<OrderAnswer>(done.As(o => OrderAnswer.Of(o.Order!)), order => $"/v1/orders/{order.Id}");
    }

    private static ICartGrain CartOf(Caller caller, IGrainFactory grains) => grains.GetGrain<ICartGrain>(caller.UserId);
}
