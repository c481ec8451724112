using Mall.Lists;
using Mall.Orders;

namespace Mall.Products;

/// <summary>A product and its stock; the hottest grain of the mall. The key is the product's id.</summary>
[Alias("mall.IProductGrain")]
public interface IProductGrain : IGrainWithIntegerKey
{
    /// <summary>Called by the catalog alone. Refused with 100007 when another request took the key meanwhile.</summary>
    [Alias("Create")]
    Task<Result<ProductView>> Create(long shopId, CreateProduct command);

    /// <summary>Refused with 300001 when there is no such product.</summary>
    [Alias("Get")]
    Task<Result<ProductView>> Get();

    /// <summary>Refused with 300001, or 300003 when it is off sale.</summary>
    [Alias("Quote"), ResponseTimeout(Branch.ResponseTimeout)]
    Task<Result<Quote>> Quote();

    /// <summary>Refused with 300001, or 100004 for anybody but the seller.</summary>
    [Alias("Change")]
    Task<Result<ProductView>> Change(ChangeProduct command);

    /// <summary>Adds to the stock, or takes. Refused with 300001, 100004, or 300002 when it would go below zero.</summary>
    /// <returns>The stock after it.</returns>
    [Alias("AdjustStock")]
    Task<Result<long>> AdjustStock(long userId, long delta, Idempotency? idempotency);

    /// <summary>Sets the stock to a figure, as it is counted when its turn has come. Refused with 300001 or 100004.</summary>
    /// <returns>The stock after it.</returns>
    [Alias("SetStock")]
    Task<Result<long>> SetStock(long userId, long stock);

    /// <summary>Takes the product off sale; orders keep it. Refused with 300001 or 100004.</summary>
    [Alias("Remove")]
    Task<Result<Done>> Remove(long userId);

    /// <summary>
    /// Places an order of this product alone, its saga from beginning to end included, in one commit. Refused with 300002, and
    /// then for good: the order is void. Idempotent by gid as far as its result is not null.
    /// </summary>
    /// <param name="gid">The order's saga.</param>
    /// <returns>
    /// Null: nothing was written. Somebody was here before, something is to be refused that leaves no order, this owner was
    /// superseded, the database refuses a row, or a seller has changed something meanwhile. Go by
    /// <see cref="IOrderSagaGrain.Place"/> then.
    /// </returns>
    [Alias("PlaceWhole"), ResponseTimeout(Branch.ResponseTimeout)]
    Task<Result<OrderView>?> PlaceWhole(string gid, PlaceOrder order);

    /// <summary>
    /// An order's action: takes stock. Refused with 300001, 300002 or 300003. Idempotent by branch, also when the stock is gone
    /// since.
    /// </summary>
    /// <param name="price">
    /// At which the order has it; null for any. A quote may have come from an activation that another had superseded, and nothing
    /// but the product's owner can tell: at a price that is no longer asked it is refused with 300003.
    /// </param>
    /// <returns>The stock after it.</returns>
    [Alias("DecrStock"), ResponseTimeout(Branch.ResponseTimeout)]
    Task<Result<long>> DecrStock(Branch branch, long quantity, long? price = null);

    /// <summary>An order's compensation: gives the stock of this branch back, if it was taken. Idempotent by branch.</summary>
    [Alias("ReturnStock"), ResponseTimeout(Branch.ResponseTimeout)]
    Task ReturnStock(Branch branch, long quantity);

    /// <summary>
    /// The action of a saga that ends an order: what the order held comes back, also when the saga that took it is long gone.
    /// Idempotent by branch. Refused only when the branch was compensated before.
    /// </summary>
    [Alias("TakeBack"), ResponseTimeout(Branch.ResponseTimeout)]
    Task<Result<Done>> TakeBack(Branch branch, long quantity);
}

/// <summary>Creates and finds products. Key 0.</summary>
[Alias("mall.IProductCatalogGrain")]
public interface IProductCatalogGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Takes the next id and creates the product. Idempotent under its key. Refused with 100004 when the user has no shop or
    /// the shop is not theirs, 300004 when there is no such shop, 100007 when the key was used for something else.
    /// </summary>
    [Alias("Create")]
    Task<Result<ProductView>> Create(CreateProduct command);

    /// <summary>
    /// Products on sale, from the database. Who follows them as they were created misses none: what an older commit under way may
    /// yet come before is held back. By price or sales nothing is skipped whose price or sales stay what they are.
    /// </summary>
    [Alias("List"), ReadOnly]
    Task<ListPage<ProductView>> List(ListProducts query);
}
