namespace Mall.Bench.Load.Clients;

/// <summary>Orders over HTTP, one after the other on a connection.</summary>
/// <param name="bodies">Made by <see cref="Render"/>.</param>
sealed class RestOrderClient(Uri address, string token, byte[][] bodies) : IOrderClient
{
    readonly byte[] _head = Encoding.ASCII.GetBytes(
        $"POST {address.AbsolutePath}v1/orders HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {token}\r\n"
        + "Content-Type: application/json\r\nIdempotency-Key: ");

    readonly HttpConnection _connection = new(address);

    /// <summary>What follows the idempotency key in a request: the length, and the basket as JSON.</summary>
    public static byte[] Render(Basket basket)
    {
        var json = JsonSerializer.Serialize(new { items = basket.Products.Select(id => new { productId = id, quantity = 1 }) });
        return Encoding.ASCII.GetBytes($"\r\nContent-Length: {json.Length}\r\n\r\n{json}");
    }

    public async ValueTask<string?> PlaceAsync(int basket, string idempotencyKey)
    {
        _head.CopyTo(_connection.Buffer, 0);
        var length = _head.Length + Encoding.ASCII.GetBytes(idempotencyKey, _connection.Buffer.AsSpan(_head.Length));
        bodies[basket].CopyTo(_connection.Buffer, length);
        var (answer, trouble) = await _connection.SendAsync(length + bodies[basket].Length);
        return answer switch
        {
            null => trouble,
            { Status: 201 } => null,
            { MallCode: 0 } => $"http {answer.Value.Status}", // a proxy's, perhaps
            _ => $"{answer.Value.MallCode}",
        };
    }

    public void Dispose() => _connection.Dispose();
}
