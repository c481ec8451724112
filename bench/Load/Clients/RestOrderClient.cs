using System.Net.Security;
using System.Net.Sockets;

namespace Mall.Bench.Load.Clients;

/// <summary>
/// Orders over one HTTP/1.1 connection, opened when needed and again when it was lost. Written by hand because the generator
/// shares its processors with what it measures: with answers coming in bursts, as group commits make them, an order costs it 10
/// to 20 µs this way, and about 45 µs and 2 kB through the handler of HttpClient.
/// </summary>
/// <param name="bodies">Made by <see cref="Render"/>.</param>
sealed class RestOrderClient(Uri address, string token, byte[][] bodies) : IOrderClient
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly byte[] _head = Encoding.ASCII.GetBytes(
        $"POST {address.AbsolutePath}v1/orders HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {token}\r\n"
        + "Content-Type: application/json\r\nIdempotency-Key: ");

    /// <summary>The request, and then its answer.</summary>
    readonly byte[] _buffer = new byte[1 << 15];
    Stream? _connection;
    CancellationTokenSource _patience = new();

    /// <summary>What follows the idempotency key in a request: the length, and the basket as JSON.</summary>
    public static byte[] Render(Basket basket)
    {
        var json = JsonSerializer.Serialize(new { items = basket.Products.Select(id => new { productId = id, quantity = 1 }) });
        return Encoding.ASCII.GetBytes($"\r\nContent-Length: {json.Length}\r\n\r\n{json}");
    }

    public async ValueTask<string?> PlaceAsync(int basket, string idempotencyKey)
    {
        if (!_patience.TryReset())
            _patience = new CancellationTokenSource();
        _patience.CancelAfter(s_patience);
        try
        {
            _connection ??= await ConnectAsync(_patience.Token);
            _head.CopyTo(_buffer, 0);
            var length = _head.Length + Encoding.ASCII.GetBytes(idempotencyKey, _buffer.AsSpan(_head.Length));
            bodies[basket].CopyTo(_buffer, length);
            await _connection.WriteAsync(_buffer.AsMemory(0, length + bodies[basket].Length), _patience.Token);
            var answer = await ReadAsync(_connection, _patience.Token);
            if (!answer.KeepsAlive)
                Disconnect();
            return answer switch
            {
                { Status: 201 } => null,
                { MallCode: 0 } => $"http {answer.Status}", // a proxy's, perhaps
                _ => $"{answer.MallCode}",
            };
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or InvalidDataException)
        {
            Disconnect();

            // Not at once again: callers in a loop would do nothing but be refused, thousands of times a second.
            await Task.Delay(TimeSpan.FromMilliseconds(100));
            return e is OperationCanceledException ? "no answer" : e is InvalidDataException ? e.Message : "connection lost";
        }
    }

    public void Dispose()
    {
        Disconnect();
        _patience.Dispose();
    }

    async ValueTask<HttpAnswer> ReadAsync(Stream connection, CancellationToken cancellationToken)
    {
        for (var received = 0; ;)
        {
            var read = await connection.ReadAsync(_buffer.AsMemory(received), cancellationToken);
            if (read == 0)
                throw new EndOfStreamException(); // or the answer is longer than any order's
            received += read;
            if (HttpAnswer.TryRead(_buffer.AsSpan(0, received), out var answer))
                return answer;
        }
    }

    async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.DnsSafeHost, address.Port, cancellationToken);
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (address.Scheme == "http")
            return plain;
        var encrypted = new SslStream(plain);
        await encrypted.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = address.DnsSafeHost }, cancellationToken);
        return encrypted;
    }

    void Disconnect()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
