namespace Mall.Carts;

/// <summary>
/// A cart. Nothing else depends on its state, so Orleans' storage keeps it, under the version of its row: of two activations the
/// second to write is refused and begins again from the row.
/// <para>
/// A checkout spans the cart and an order. It is noted in the cart before the order is placed; whoever calls the cart next, after
/// a crash too, first brings it to its end by placing the same order under the same gid again, which is harmless.
/// </para>
/// </summary>
public sealed class CartGrain([PersistentState("cart", CartGrain.Storage)] IPersistentState<CartState> cart, CartMetrics metrics)
    : Grain, ICartGrain
{
    /// <summary>The storage provider that the host configures.</summary>
    public const string Storage = "mall";

    private CartState State => cart.State;

    public async Task<Result<CartView>> Get()
    {
        await EndCheckoutAsync();
        return await ViewAsync(State.Items);
    }

    public async Task<Result<CartView>> Put(long productId, long quantity)
    {
        await EndCheckoutAsync();
        if (quantity > 0 && (await ProductOf(productId).Quote()).Refusal is { } refusal) return refusal;
        if (quantity > 0 && !State.Items.ContainsKey(productId) && State.Items.Count == CartLimits.MaxProducts)
            return Result.BadField("productId", $"is one more than the {CartLimits.MaxProducts} products that a cart holds");

        var items = new Dictionary<long, long>(State.Items);
        if (quantity > 0) items[productId] = quantity;
        else items.Remove(productId);
        var view = await ViewAsync(items);
        if (view.IsRefused || quantity == State.Items.GetValueOrDefault(productId)) return view;
        var isLess = quantity < State.Items.GetValueOrDefault(productId);
        State.Items = items;
        await SaveAsync();
        metrics.Changed(isLess);
        return view;
    }

    public async Task Clear()
    {
        await EndCheckoutAsync();
        if (State.Items.Count == 0) return;
        State.Items.Clear();
        await SaveAsync();
        metrics.Cleared();
    }

    public async Task<Result<CheckedOut>> Checkout(CheckoutCart command)
    {
        if (await EndCheckoutAsync(command) is { } ended) return ended;

        var order = GrainFactory.GetGrain<IOrderSagaGrain>(command.Gid);
        if (await order.Placed(command.RequestHash) is { } before) return Shaped(command, before);
        if (State.Items.Count == 0) return Result.BadField("items", "are missing: the cart is empty");

        State.Checkout = new Checkout { Gid = command.Gid, RequestHash = command.RequestHash, Items = new(State.Items) };
        await SaveAsync();
        if (command.Wait) return (await EndCheckoutAsync(command))!;

        // The next call finds out what has become of it.
        var submitted = await order.Submit(CommandOf(State.Checkout));
        if (!submitted.IsRefused) return new CheckedOut(command.Gid, null);
        await SettleAsync(State.Checkout, stands: false);
        return submitted.Refusal;
    }

    /// <summary>Brings a checkout under way to its end.</summary>
    /// <returns>Its outcome, when it is the one that is asked for.</returns>
    private async Task<Result<CheckedOut>?> EndCheckoutAsync(CheckoutCart? asked = null)
    {
        if (State.Checkout is not { } checkout) return null;
        var placed = await GrainFactory.GetGrain<IOrderSagaGrain>(checkout.Gid).Place(CommandOf(checkout));
        await SettleAsync(checkout, stands: !placed.IsRefused);
        if (asked?.Gid != checkout.Gid) return null;
        return asked.RequestHash == checkout.RequestHash
            ? Shaped(asked, placed)
            : IdempotencyRows.Reused;
    }

    private async Task SettleAsync(Checkout checkout, bool stands)
    {
        if (stands)
        {
            foreach (var (productId, ordered) in checkout.Items)
            {
                var left = State.Items.GetValueOrDefault(productId) - ordered;
                if (left > 0) State.Items[productId] = left;
                else State.Items.Remove(productId);
            }
        }

        State.Checkout = null;
        await SaveAsync();
        metrics.CheckedOut(stands);
    }

    private async Task<Result<CartView>> ViewAsync(Dictionary<long, long> contents)
    {
        var items = await Task.WhenAll(contents.OrderBy(i => i.Key).Select(i => ItemAsync(i.Key, i.Value)));
        var amount = items.Aggregate(0L, (sum, i) => sum > ExactNumbers.Max ? sum : checked(sum + (i.Price * i.Quantity)));
        return amount <= ExactNumbers.Max ? new CartView([.. items], amount) : Result.BadField(
            "quantity", $"would make the cart amount to more than {ExactNumbers.Max}: order less at once, or empty it");
    }

    private async Task<CartItem> ItemAsync(long productId, long quantity)
    {
        var found = await ProductOf(productId).Get();
        return found.Value is not { } product
            ? new CartItem(productId, "", quantity, Price: 0, Available: 0)
            : new CartItem(
                productId, product.Name, quantity, product.Price,
                product.Status == Product.OnSale ? Math.Min(product.Stock, quantity) : 0);
    }

    /// <summary>After a failure memory may be ahead of the row, or behind it: the next call begins from the row again.</summary>
    /// <exception cref="StorageUnavailableException">The outcome is unknown.</exception>
    private async Task SaveAsync()
    {
        try
        {
            await cart.WriteStateAsync();
        }
        catch (Exception e) when (e is DbException or OrleansException) // Orleans wraps what its storage throws.
        {
            DeactivateOnIdle();
            throw new StorageUnavailableException($"The cart could not be stored: {e.Message}");
        }
    }

    private IProductGrain ProductOf(long productId) => GrainFactory.GetGrain<IProductGrain>(productId);

    private PlaceOrder CommandOf(Checkout checkout) => new(
        this.GetPrimaryKeyLong(), [.. checkout.Items.Select(i => new OrderLine(i.Key, i.Value))], checkout.RequestHash);

    /// <summary>Who does not wait is told that it has begun, also when it has failed since.</summary>
    private static Result<CheckedOut> Shaped(CheckoutCart command, Result<OrderView> placed) => placed switch
    {
        { Refusal: null } or { Refusal.IsSealed: true } when !command.Wait => new CheckedOut(command.Gid, null),
        { Refusal: { } refusal } => refusal,
        _ => new CheckedOut(command.Gid, placed.Value),
    };
}

/// <summary>What is stored of a cart.</summary>
[GenerateSerializer, Alias("mall.CartState")]
public sealed class CartState
{
    /// <summary>Quantities by product.</summary>
    [Id(0)]
    public Dictionary<long, long> Items { get; set; } = [];

    /// <summary>A checkout that has begun and whose outcome is not yet in <see cref="Items"/>.</summary>
    [Id(1)]
    public Checkout? Checkout { get; set; }
}

/// <summary>What a checkout orders, under which gid.</summary>
[GenerateSerializer, Alias("mall.Checkout")]
public sealed class Checkout
{
    [Id(0)]
    public string Gid { get; set; } = "";

    [Id(1)]
    public string? RequestHash { get; set; }

    [Id(2)]
    public Dictionary<long, long> Items { get; set; } = [];
}
