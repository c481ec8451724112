namespace Mall.Silo.Outward;

/// <summary>
/// Connections to addresses that somebody else has named. A name is looked up where the connection is made, and what was looked
/// at is what is connected to: so a name that means another address a moment later leads nowhere. No proxy, no redirect, no
/// cookie.
/// </summary>
internal static class GuardedHandler
{
    /// <param name="allows">Whether a host may be called at an address of it.</param>
    /// <param name="otherwise">What a host is whose addresses may not be called.</param>
    public static SocketsHttpHandler For(Func<string, IPAddress, bool> allows, string otherwise) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, allows, otherwise, cancellationToken),
    };

    /// <remarks>The look-up itself would refuse 0.0.0.0, which is this machine.</remarks>
    public static Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken) =>
        IPAddress.TryParse(host, out var address)
            ? Task.FromResult<IPAddress[]>([address])
            : Dns.GetHostAddressesAsync(host, cancellationToken);

    private static async ValueTask<Stream> ConnectAsync(
        DnsEndPoint target, Func<string, IPAddress, bool> allows, string otherwise, CancellationToken cancellationToken)
    {
        var host = target.Host.Trim('[', ']');
        var allowed = Array.FindAll(await LookUpAsync(host, cancellationToken), address => allows(host, address));
        if (allowed.Length == 0) throw new IOException($"{host} is {otherwise}.");
        RandomNumberGenerator.Shuffle<IPAddress>(allowed);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
