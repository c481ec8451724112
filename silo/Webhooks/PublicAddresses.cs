namespace Mall.Silo.Webhooks;

/// <summary>Addresses of the world, and not of somebody's network or machine (IANA's registries).</summary>
internal static class PublicAddresses
{
    private static readonly IPNetwork[] s_special =
    [
        .. ((string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
            "224.0.0.0/3",
        ]).Select(text => IPNetwork.Parse(text)),
    ];

    // Of IPv6 only this is the world's, but for what leads into IPv4 by another way, and for examples.
    private static readonly IPNetwork s_global = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] s_notGlobal =
        [IPNetwork.Parse("2001::/23"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("2002::/16")];

    public static bool Contain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? !Array.Exists(s_special, network => network.Contains(address))
            : s_global.Contains(address) && !Array.Exists(s_notGlobal, network => network.Contains(address));
    }
}
