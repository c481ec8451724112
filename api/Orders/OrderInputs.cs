namespace Mall.Api.Orders;

/// <summary>
/// What a customer orders. Price and amount come from the products, the user from the token: a body that names them, or any other
/// field, is refused, so that nobody believes it counted.
/// </summary>
/// <param name="Items">1 to 50; a product that stands in several counts with the sum of its quantities.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record PlaceOrderInput([property: Length(1, OrderDesk.MaxItems)] IReadOnlyList<OrderLineInput?>? Items);

/// <summary>One line of an order.</summary>
/// <param name="ProductId">What.</param>
/// <param name="Quantity">How many, 1 to 1,000.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record OrderLineInput(
    [property: Range(1, ExactNumbers.Max)] long? ProductId,
    [property: Range(1, OrderDesk.MaxQuantity)] long? Quantity);
