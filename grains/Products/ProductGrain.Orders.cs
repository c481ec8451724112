namespace Mall.Products;

/// <summary>
/// Orders of this product alone, each in one commit: saga, order, barrier rows and stock stand together or not at all, so
/// nothing lies between the intent and its end (docs/decisions/0016). Whoever comes under the same gid, by this way or step by
/// step, finds the other's rows: of the two one commits.
/// </summary>
public sealed partial class ProductGrain
{
    private readonly Dictionary<string, (Task<Result<OrderView>?> Placing, PlaceOrder Order)> _orders = []; // under way, by gid

    public async Task<Result<OrderView>?> PlaceWhole(string gid, PlaceOrder order)
    {
        // As with decrements: who repeats it while it is under way is told the same.
        if (_orders.TryGetValue(gid, out var before))
            return await before.Placing is { } placed && before.Order.RequestHash == order.RequestHash ? placed : null;
        var placing = TryPlaceAsync(gid, order);
        if (placing.IsCompleted) return await placing;
        _orders.Add(gid, (placing, order));
        try
        {
            return await placing;
        }
        finally
        {
            _orders.Remove(gid);
        }
    }

    private async Task<Result<OrderView>?> TryPlaceAsync(string gid, PlaceOrder order)
    {
        try
        {
            return await PlaceAsync(gid, order);
        }
        catch (LedgerFaultException)
        {
            return null; // Nothing was written. If it is the product's row, its saga is parked, where operators see it.
        }
    }

    private async Task<Result<OrderView>?> PlaceAsync(string gid, PlaceOrder order)
    {
        if (!await orders.IsOfUserAsync(order, GrainFactory)) return null;
        await OwnedAsync();
        var quantity = order.Lines[0].Quantity;
        await SettledAsync(() => WhyNot(quantity) is not null, quantity);
        if (_product is not { Status: Product.OnSale } product || product.Price > ExactNumbers.Max / quantity) return null;

        var refusal = WhyNot(quantity);
        using var going = _stock.Reserve(refusal is null ? quantity : 0);
        var (view, whole) = await orders.MakeAsync(gid, order, product, refusal);

        // Where ids are waited for: a seller changes something, or stock comes.
        WriteSet? StillWhole(RowChange[] stock) =>
            ReferenceEquals(_product, product) && (refusal is null || WhyNot(quantity) is not null) ? whole(stock) : null;
        var outcome = refusal is null ? await MoveAsync(-quantity, sold: quantity, StillWhole)
            : StillWhole([MoveStock(0, 0)]) is { } claim ? await CommitAsync(claim) // A refusal is a claim: the epoch guards it.
            : null;
        if (outcome != CommitOutcome.Applied) return null;
        return refusal is null ? view : refusal with { IsSealed = true };
    }
}
