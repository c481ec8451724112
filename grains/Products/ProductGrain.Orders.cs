namespace Mall.Products;

/// <summary>
/// Orders of this product alone, each in one commit: saga, order, barrier rows and stock stand together or not at all, so
/// nothing lies between the intent and its end (docs/decisions/0016). Whoever was here before under the same gid, by this way or
/// step by step, has left the saga's row, and both are in conflict with it.
/// </summary>
public sealed partial class ProductGrain
{
    public async Task<Result<OrderView>?> PlaceWhole(WholeOrder order)
    {
        await OwnedAsync();
        await SettledAsync(() => WhyNot(order.Quantity) is not null, order.Quantity);
        if (_product is not { Status: Product.OnSale } product)
        {
            await StillOwnerAsync();
            if (WhyNot(order.Quantity) is { } refusal) return refusal;
            return null; // On sale again meanwhile.
        }

        if (product.Price > ExactNumbers.Max / order.Quantity)
            return Result.BadField("items", $"must not amount to more than {ExactNumbers.Max}");
        return _stock.Available < order.Quantity
            ? await VoidAsync(order, product, NotEnough(order.Quantity))
            : await SellAsync(order, product);
    }

    private async Task<Result<OrderView>?> SellAsync(WholeOrder order, Product product)
    {
        using var going = _stock.Reserve(order.Quantity);
        var placed = Priced(order, product);
        var whole = await orders.WholeAsync(placed, order.RequestHash, clock.GetUtcNow());
        var outcome = await MoveAsync(-order.Quantity, sold: order.Quantity, changes => Together(whole, changes));
        return IfApplied(outcome, placed);
    }

    /// <summary>A refusal is a claim: the epoch guards its commit.</summary>
    private async Task<Result<OrderView>?> VoidAsync(WholeOrder order, Product product, Refusal why)
    {
        var none = Priced(order, product) with { Status = OrderStatus.Void, Reason = SagaReason.From(why) };
        var whole = await orders.WholeAsync(none, order.RequestHash, clock.GetUtcNow());
        return IfApplied(await CommitAsync(Together(whole, MoveStock(0, 0))), none);
    }

    private static Result<OrderView>? IfApplied(CommitOutcome outcome, OrderView order) =>
        outcome == CommitOutcome.Applied ? new Result<OrderView>(order, Refusal: null) : null;

    private static WriteSet Together(WriteSet whole, params RowChange[] stock) =>
        whole with { Changes = [.. whole.Changes, .. stock] };

    private static OrderView Priced(WholeOrder order, Product product) => new(
        order.Id, order.Gid, order.UserId, [new OrderItem(product.Id, product.Name, order.Quantity, product.Price)],
        order.Quantity * product.Price, OrderStatus.Created, order.CreatedAt, order.ClosesAt, PaidAt: null,
        Extras: order.Extras);
}
