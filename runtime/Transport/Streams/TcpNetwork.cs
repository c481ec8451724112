using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mall.Runtime;

/// <summary>Streams over TCP.</summary>
public sealed class TcpNetwork : IStreamNetwork
{
    private const int Backlog = 512;

    /// <inheritdoc/>
    public async Task<Stream> ConnectAsync(string endpoint, CancellationToken cancellationToken)
    {
        var (host, port) = Split(endpoint);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            var message = $"{endpoint}: {exception.Message}";
            if (exception.SocketErrorCode == SocketError.ConnectionRefused)
                throw new ConnectionRefusedException(message, exception);
            throw new IOException(message, exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IStreamListener Listen(string endpoint)
    {
        var (host, port) = Split(endpoint);
        Socket? socket = null;
        try
        {
            var address = IPAddress.TryParse(host, out var literal) ? literal : Dns.GetHostAddresses(host)[0];
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(Backlog);
            return new Listener(socket);
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw new IOException($"{endpoint}: {exception.Message}", exception);
        }
    }

    /// <summary>The parts of <c>host:port</c>, the host without the brackets of an IPv6 address.</summary>
    private static (string Host, int Port) Split(string endpoint)
    {
        var colon = endpoint.LastIndexOf(':');
        if (colon <= 0
            || !ushort.TryParse(endpoint.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            throw new IOException($"'{endpoint}' is not host:port.");
        return (endpoint[..colon].Trim('[', ']'), port);
    }

    private sealed class Listener(Socket socket) : IStreamListener
    {
        public async Task<Stream> AcceptAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                try
                {
                    var accepted = await socket.AcceptAsync(cancellationToken);
                    accepted.NoDelay = true;
                    return new NetworkStream(accepted, ownsSocket: true);
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
                {
                    // Whoever it was has hung up before it was taken.
                }
            }
        }

        public void Dispose() => socket.Dispose();
    }
}
