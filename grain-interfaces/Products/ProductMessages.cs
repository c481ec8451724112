namespace Mall.Products;

/// <param name="Price">Minor units.</param>
/// <param name="Status">1 on sale, 0 off sale.</param>
[GenerateSerializer, Immutable, Alias("mall.ProductView")]
public sealed record ProductView(long Id, long ShopId, string Name, string Desc, long Price, long Stock, int Status);

/// <param name="ShopId">Null for the user's oldest shop.</param>
[GenerateSerializer, Immutable, Alias("mall.CreateProduct")]
public sealed record CreateProduct(
    long UserId, long? ShopId, string Name, string Desc, long Price, long Stock, Idempotency? Idempotency);

/// <summary>What to change: null leaves a field as it is, zero and empty are values.</summary>
[GenerateSerializer, Immutable, Alias("mall.ChangeProduct")]
public sealed record ChangeProduct(long UserId, string? Name, string? Desc, long? Price, int? Status);

/// <summary>A product's name and price at one moment, as an order takes them over.</summary>
[GenerateSerializer, Immutable, Alias("mall.Quote")]
public sealed record Quote(long ProductId, string Name, long Price);
