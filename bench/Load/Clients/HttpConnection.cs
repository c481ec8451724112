using System.Net.Security;
using System.Net.Sockets;

namespace Mall.Bench.Load.Clients;

/// <summary>
/// One HTTP/1.1 connection with one request under way, opened when needed and again when it was lost. Written by hand because
/// the generator shares its processors with what it measures: with answers coming in bursts, as group commits make them, an
/// order costs it 10 to 20 µs this way, and about 45 µs and 2 kB through the handler of HttpClient.
/// </summary>
sealed class HttpConnection(Uri address) : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    Stream? _connection;
    CancellationTokenSource _patience = new();

    /// <summary>The request, and then its answer.</summary>
    public byte[] Buffer { get; } = new byte[1 << 15];

    /// <summary>Sends so many bytes of the buffer.</summary>
    /// <returns>The answer, or in one or two words why there is none.</returns>
    public async ValueTask<(HttpAnswer? Answer, string Trouble)> SendAsync(int length)
    {
        if (!_patience.TryReset())
            _patience = new CancellationTokenSource();
        _patience.CancelAfter(s_patience);
        try
        {
            _connection ??= await ConnectAsync(_patience.Token);
            await _connection.WriteAsync(Buffer.AsMemory(0, length), _patience.Token);
            var answer = await ReadAsync(_connection, _patience.Token);
            if (!answer.KeepsAlive)
                Disconnect();
            return (answer, "");
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or InvalidDataException)
        {
            Disconnect();

            // Not at once again: callers in a loop would do nothing but be refused, thousands of times a second.
            await Task.Delay(TimeSpan.FromMilliseconds(100));
            return (null, e switch
            {
                OperationCanceledException => "no answer",
                InvalidDataException => e.Message,
                _ => "connection lost",
            });
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
            var read = await connection.ReadAsync(Buffer.AsMemory(received), cancellationToken);
            if (read == 0)
                throw new EndOfStreamException(); // or the answer is longer than any order's
            received += read;
            if (HttpAnswer.TryRead(Buffer.AsSpan(0, received), out var answer))
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
