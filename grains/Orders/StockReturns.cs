using System.Globalization;

namespace Mall.Orders;

/// <summary>
/// How what an order holds comes back, once the order has ended: by branches of the saga that ends it, whatever has become of the
/// one that placed it and of its barrier rows, which the clean-up takes.
/// </summary>
internal static class StockReturns
{
    /// <param name="firstBranch">The number of the first of them: one for each item.</param>
    /// <param name="after">Ids of the branches after which stock comes back.</param>
    public static IEnumerable<SagaBranch> Branches(
        IGrainFactory grains, string gid, IEnumerable<OrderItem> items, int firstBranch, params string[] after) =>
        items.Select((item, i) => Return(
            grains.GetGrain<IProductGrain>(item.ProductId),
            new Branch(gid, (firstBranch + i).ToString("00", CultureInfo.InvariantCulture)), item, after));

    private static SagaBranch Return(IProductGrain product, Branch branch, OrderItem item, string[] after) => new(
        branch.BranchId,
        $"product/{item.ProductId} TakeBack",
        Action: async () => (await product.TakeBack(branch, item.Quantity)).Refusal,
        Compensation: _ => throw new UnreachableException("What has come back may have been sold again."),
        After: after);
}
