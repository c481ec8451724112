using Mall.Products;

namespace Mall.Orders;

/// <summary>
/// Orders of one item as a whole: all rows that the steps of their saga would have left, for the one commit of the product that
/// they are of. See docs/decisions/0016.
/// </summary>
public sealed class WholeOrders(
    GrainLedger ledger, LedgerClock clock, OrderSagaKind kind, OrderOptions options, KnownUsers users)
{
    /// <summary>Whether there is the user that orders.</summary>
    internal ValueTask<bool> IsOfUserAsync(PlaceOrder order, IGrainFactory grains) => users.ContainsAsync(order.UserId, grains);

    /// <summary>The order, and what it writes when the product adds what it does to the stock.</summary>
    /// <param name="refusal">Why it is void from the beginning; null when it is to stand.</param>
    internal async ValueTask<(OrderView Order, Func<RowChange[], WriteSet> Writes)> MakeAsync(
        string gid, PlaceOrder order, Product product, Refusal? refusal)
    {
        var id = await ledger.NextIdAsync("orders");
        var now = clock.GetUtcNow();
        var createdAt = OrderRows.AsKept(now);
        var quantity = order.Lines[0].Quantity;
        var view = new OrderView(
            id, gid, order.UserId, [new OrderItem(product.Id, product.Name, quantity, product.Price)], quantity * product.Price,
            OrderStatus.Created, createdAt, createdAt + options.CloseAfter, PaidAt: null, Extras: order.Extras);
        var rest = refusal is null ? await kind.ActedAsync(view, now) : OrderSagaKind.Refused(view, now);
        var kept = refusal is null ? view : view with { Status = OrderStatus.Void, Reason = SagaReason.From(refusal) };

        // Behind all that its branches have done, its saga has ended. Its version is what its steps would have come to.
        var saga = new SagaRecord(
            gid, kind.Name, refusal is null ? SagaStatus.Succeed : SagaStatus.Failed, kind.Write(view), order.RequestHash,
            order.UserId, kept.Reason, Attempts: 0, Version: 2, NextTime: null, TraceParent: LaterTraces.Here);
        RowChange[] rows = [.. OrderRows.Insert(kept), .. rest, SagaRows.Insert(saga, now)];
        var creation = new Branch(gid, OrderSagaKind.Creation).Action();
        return (view, stock => new WriteSet(creation, [.. stock, .. rows]) { Time = now });
    }
}
