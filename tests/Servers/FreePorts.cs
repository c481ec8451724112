using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Mall.TestServers;

/// <summary>Ports of loopback for processes that are told where to listen.</summary>
public static class FreePorts
{
    private static int s_last = RandomNumberGenerator.GetInt32(5_000); // Another process begins elsewhere.

    /// <summary>
    /// A port that nobody listens on and that nobody here was given before, below those that the system gives to outgoing
    /// connections, of which there may be many: it stays free until its process comes to listen, and while that is away. The next
    /// one is nobody's, since a silo has its gateway there unless told otherwise.
    /// </summary>
    public static int Take()
    {
        while (true)
        {
            try
            {
                var port = 11_000 + 2 * (int)((uint)Interlocked.Increment(ref s_last) % 5_000);
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }

    /// <summary><c>127.0.0.1:</c> and such a port.</summary>
    public static string TakeEndpoint() => FormattableString.Invariant($"127.0.0.1:{Take()}");
}
