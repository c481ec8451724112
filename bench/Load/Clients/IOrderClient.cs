namespace Mall.Bench.Load;

/// <summary>Places orders, one at a time.</summary>
interface IOrderClient : IDisposable
{
    /// <summary>Places an order and waits until its saga has ended.</summary>
    /// <param name="basket">Which of the baskets that the client was made with.</param>
    /// <param name="idempotencyKey">Unique, at most 64 characters.</param>
    /// <returns>Null when the order stands, else why not: the mall's code, or what became of the connection.</returns>
    ValueTask<string?> PlaceAsync(int basket, string idempotencyKey);
}
