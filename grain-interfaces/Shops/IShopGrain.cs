using Mall.Lists;

namespace Mall.Shops;

/// <param name="Rating">The average of its products' stars, in hundredths; 0 while there are none.</param>
/// <param name="Sales">Pieces sold and not given back, as of some seconds ago.</param>
[GenerateSerializer, Immutable, Alias("mall.ShopView")]
public sealed record ShopView(long Id, long OwnerId, string Name, long Rating, long Sales)
{
    /// <summary>A shop on its first day.</summary>
    public static ShopView Opened(long id, OpenShop command) => new(id, command.OwnerId, command.Name, Rating: 0, Sales: 0);
}

[GenerateSerializer, Immutable, Alias("mall.OpenShop")]
public sealed record OpenShop(long OwnerId, string Name, Idempotency? Idempotency);

/// <summary>In which order shops are listed.</summary>
public enum ShopOrder
{
    /// <summary>The list's own: as they were opened.</summary>
    Opened,

    /// <summary>The best by stars first.</summary>
    Rating,

    /// <summary>Those that sell most first.</summary>
    Sales,
}

/// <param name="After">Null: at the beginning.</param>
/// <param name="Limit">1 to 100.</param>
[GenerateSerializer, Immutable, Alias("mall.ListShops")]
public sealed record ListShops(ShopOrder Order, ListPlace? After, int Limit);

/// <summary>A seller's shop. The key is the shop's id.</summary>
[Alias("mall.IShopGrain")]
public interface IShopGrain : IGrainWithIntegerKey
{
    /// <summary>Called by the directory alone. Refused with 100007 when another request took the key meanwhile.</summary>
    [Alias("Create")]
    Task<Result<ShopView>> Create(OpenShop command);

    /// <summary>Refused with 300004 when there is no such shop.</summary>
    [Alias("Get"), ReadOnly]
    Task<Result<ShopView>> Get();
}

/// <summary>Opens and finds shops. Key 0.</summary>
[Alias("mall.IShopDirectoryGrain")]
public interface IShopDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Opens a shop. Idempotent under its key; refused with 100007 when the key was used for something else.</summary>
    [Alias("Open")]
    Task<Result<ShopView>> Open(OpenShop command);

    /// <summary>The owner's shops, oldest first.</summary>
    [Alias("OfOwner"), ReadOnly]
    Task<ImmutableArray<ShopView>> OfOwner(long ownerId);

    /// <summary>Shops, from the database; followed as products are: <see cref="IProductCatalogGrain.List"/>.</summary>
    [Alias("List"), ReadOnly]
    Task<ListPage<ShopView>> List(ListShops query);
}
