using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Mall.Bench.Load.Clients;

/// <summary>
/// Orders over one HTTP/1.1 connection, opened when needed and again when it was lost. Requests are put together from bytes that
/// stand ready, because the generator often shares its processors with what it measures: with answers coming in bursts, as
/// group commits make them, an order costs it 10 to 20 µs this way, and about 45 µs and 2 kB through the handler of HttpClient.
/// </summary>
sealed class RestOrderClient : IOrderClient
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly Uri _address;
    readonly byte[] _head;
    readonly byte[][] _bodies;
    readonly byte[] _request;
    byte[] _received = new byte[4096];
    Stream? _connection;
    CancellationTokenSource _patience = new();

    /// <param name="address">The front door.</param>
    /// <param name="token">Whose orders they are.</param>
    /// <param name="bodies">The request bodies, made by <see cref="Render"/>.</param>
    public RestOrderClient(Uri address, string token, byte[][] bodies)
    {
        _address = address;
        _bodies = bodies;
        _head = Encoding.ASCII.GetBytes(
            $"POST {address.AbsolutePath}v1/orders HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {token}\r\n"
            + "Content-Type: application/json\r\nIdempotency-Key: ");
        _request = new byte[_head.Length + 128 + bodies.Max(b => b.Length)];
        _head.CopyTo(_request, 0);
    }

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
            await _connection.WriteAsync(RequestOf(basket, idempotencyKey), _patience.Token);
            var answer = await ReadAsync(_connection, _patience.Token);
            if (!answer.KeepsAlive)
                Disconnect();
            if (answer.Status == 201)
                return null;
            return (answer.MallCode, answer.Status) is (0, var status)
                ? string.Create(CultureInfo.InvariantCulture, $"http {status}") // a proxy's, perhaps
                : answer.MallCode.ToString(CultureInfo.InvariantCulture);
        }
        catch (OperationCanceledException)
        {
            Disconnect();
            return "no answer";
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidDataException)
        {
            Disconnect();

            // Not at once again: callers in a loop would do nothing but be refused, thousands of times a second.
            await Task.Delay(TimeSpan.FromMilliseconds(100));
            return e is InvalidDataException ? e.Message : "connection lost";
        }
    }

    public void Dispose()
    {
        Disconnect();
        _patience.Dispose();
    }

    ReadOnlyMemory<byte> RequestOf(int basket, string idempotencyKey)
    {
        var key = Encoding.ASCII.GetBytes(idempotencyKey, _request.AsSpan(_head.Length));
        var body = _bodies[basket];
        body.CopyTo(_request, _head.Length + key);
        return _request.AsMemory(0, _head.Length + key + body.Length);
    }

    async ValueTask<HttpAnswer> ReadAsync(Stream connection, CancellationToken cancellationToken)
    {
        for (var received = 0; ;)
        {
            if (received == _received.Length)
                Array.Resize(ref _received, received * 2);
            var read = await connection.ReadAsync(_received.AsMemory(received), cancellationToken);
            if (read == 0)
                throw new EndOfStreamException();
            received += read;
            if (HttpAnswer.TryRead(_received.AsSpan(0, received), out var answer))
                return answer;
        }
    }

    async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(_address.DnsSafeHost, _address.Port, cancellationToken);
            var plain = new NetworkStream(socket, ownsSocket: true);
            if (_address.Scheme == "http")
                return plain;
            var encrypted = new SslStream(plain);
            await encrypted.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = _address.DnsSafeHost }, cancellationToken);
            return encrypted;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    void Disconnect()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
