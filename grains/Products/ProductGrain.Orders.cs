namespace Mall.Products;

/// <summary>
/// Orders of this product alone, each in one commit: saga, order, barrier rows and stock stand together or not at all, so
/// nothing lies between the intent and its end (docs/decisions/0016). Whoever comes under the same gid, by this way or step by
/// step, finds the other's rows: of the two one commits.
/// </summary>
public sealed partial class ProductGrain
{
    private readonly Dictionary<string, (Task<Result<OrderView>?> Placing, PlaceOrder Order)> _orders = []; // under way, by gid

    public Task<Result<OrderView>?> PlaceWhole(string gid, PlaceOrder order)
    {
        if (_orders.TryGetValue(gid, out var underWay)) return RepeatAsync(underWay.Placing, underWay.Order, order);
        var placing = TryPlaceAsync(gid, order);
        if (!placing.IsCompleted) _orders.Add(gid, (placing, order));
        return placing;
    }

    /// <summary>As with decrements: who repeats it while it is under way is told the same.</summary>
    private static async Task<Result<OrderView>?> RepeatAsync(
        Task<Result<OrderView>?> placing, PlaceOrder first, PlaceOrder order) =>
        await placing is { } placed && first.RequestHash == order.RequestHash ? placed : null;

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
        finally
        {
            _orders.Remove(gid);
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
