namespace Mall.Api.Products;

/// <summary>What a seller says of a new product. A field that is none of these (an id, a status) is refused.</summary>
/// <param name="Name">1 to 200 characters.</param>
/// <param name="Stock">Units on hand, 0 to 2^53 - 1.</param>
/// <param name="Price">Of one, in minor units (cents): 0 to 2^53 - 1.</param>
/// <param name="Desc">At most 4,000 characters, line breaks allowed; empty when absent.</param>
/// <param name="ShopId">Absent for the seller's oldest shop.</param>
/// <param name="Attributes">Whatever else there is to say: an object of at most 4,096 bytes of JSON; empty when absent.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record CreateProductInput(
    [property: Length(1, ProductDesk.MaxName)] string? Name,
    [property: Range(0, ExactNumbers.Max)] long? Stock,
    [property: Range(0, ExactNumbers.Max)] long? Price,
    [property: MaxLength(ProductDesk.MaxDesc)] string? Desc = null,
    [property: Range(1, ExactNumbers.Max)] long? ShopId = null,
    IReadOnlyDictionary<string, JsonElement>? Attributes = null);

/// <summary>
/// What to change of a product: an absent field stays as it is, zero and empty are values. A field that is none of these (the
/// stock has a path of its own) is refused, so that nobody believes it was changed.
/// </summary>
/// <param name="Price">Of one, in minor units (cents).</param>
/// <param name="Status">1 on sale, 0 off sale.</param>
/// <param name="Attributes">In place of all that there were.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ChangeProductInput(
    [property: Length(1, ProductDesk.MaxName)] string? Name = null,
    [property: MaxLength(ProductDesk.MaxDesc)] string? Desc = null,
    [property: Range(0, ExactNumbers.Max)] long? Price = null,
    [property: Range(0, 1)] int? Status = null,
    IReadOnlyDictionary<string, JsonElement>? Attributes = null);

/// <summary>How the stock changes.</summary>
/// <param name="Delta">What comes in, or goes out when negative.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record AdjustStockInput([property: Range(-ExactNumbers.Max, ExactNumbers.Max)] long? Delta);
