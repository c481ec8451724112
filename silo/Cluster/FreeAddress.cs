namespace Mall.Silo.Cluster;

/// <summary>
/// Refuses an address that this process cannot listen at before anything is begun: by the time that its doors open, a silo has
/// joined its cluster.
/// </summary>
internal static class FreeAddress
{
    /// <exception cref="SettingsException">It is in use, not this machine's, or not for this user.</exception>
    public static void Require(string setting, IPEndPoint endpoint) => Require(setting, $"{endpoint}", endpoint);

    /// <param name="setting">Its name.</param>
    /// <param name="address">Null where there is to be no such door; port 0 takes one that is free.</param>
    /// <exception cref="SettingsException">As above.</exception>
    public static void Require(string setting, ListenAddress? address)
    {
        if (address is null or { Port: 0 }) return;
        var ip = address.Host switch
        {
            "*" => IPAddress.Any,
            "localhost" => IPAddress.Loopback,
            var host => IPAddress.Parse(host),
        };
        Require(setting, $"{address}", new IPEndPoint(ip, address.Port));
    }

    private static void Require(string setting, string address, IPEndPoint endpoint)
    {
        try
        {
            using var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(endpoint);
        }
        catch (SocketException e)
        {
            throw new SettingsException(setting, $"{address} cannot be listened at: {e.Message}");
        }
    }
}
