using Mall.Lists;

namespace Mall.Products;

/// <param name="Price">Minor units.</param>
/// <param name="Status">1 on sale, 0 off sale.</param>
/// <param name="Attributes">A JSON object, written in one way only: see <see cref="NoAttributes"/>.</param>
[GenerateSerializer, Immutable, Alias("mall.ProductView")]
public sealed record ProductView(
    long Id, long ShopId, string Name, string Desc, long Price, long Stock, int Status,
    string Attributes = ProductView.NoAttributes)
{
    /// <summary>What a product has that says nothing of them.</summary>
    public const string NoAttributes = "{}";
}

/// <param name="ShopId">Null for the user's oldest shop.</param>
[GenerateSerializer, Immutable, Alias("mall.CreateProduct")]
public sealed record CreateProduct(
    long UserId, long? ShopId, string Name, string Desc, long Price, long Stock, Idempotency? Idempotency,
    string Attributes = ProductView.NoAttributes);

/// <summary>What to change: null leaves a field as it is, zero and empty are values.</summary>
[GenerateSerializer, Immutable, Alias("mall.ChangeProduct")]
public sealed record ChangeProduct(
    long UserId, string? Name, string? Desc, long? Price, int? Status, string? Attributes = null);

/// <summary>A product's name and price at one moment, as an order takes them over.</summary>
[GenerateSerializer, Immutable, Alias("mall.Quote")]
public sealed record Quote(long ProductId, string Name, long Price);

/// <summary>In which order products are listed.</summary>
public enum ProductOrder
{
    /// <summary>The list's own: as they were created.</summary>
    Created,

    /// <summary>The cheapest first.</summary>
    Price,

    /// <summary>The dearest first.</summary>
    PriceDown,

    /// <summary>What sells best first.</summary>
    Sales,

    /// <summary>The best by stars and sales first.</summary>
    Recommended,
}

/// <summary>Which products on sale, and where to begin.</summary>
/// <param name="ShopId">Null for those of all shops.</param>
/// <param name="Query">Words that the name has in it, anywhere and in any order; null for all.</param>
/// <param name="After">Null: at the beginning.</param>
/// <param name="Limit">1 to 100.</param>
[GenerateSerializer, Immutable, Alias("mall.ListProducts")]
public sealed record ListProducts(ProductOrder Order, long? ShopId, string? Query, ListPlace? After, int Limit);
