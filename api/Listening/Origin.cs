using System.Net.Sockets;

namespace Mall.Api.Listening;

/// <summary>Whom a request is counted for, wherever there is a limit for an address.</summary>
internal static class Origin
{
    private const int NetworkBytes = 8;

    /// <summary>The address; of IPv6 its network, since whoever has one address there has all of it.</summary>
    public static IPAddress Of(IPAddress? address) => address switch
    {
        null => IPAddress.None,
        { AddressFamily: not AddressFamily.InterNetworkV6 } => address,
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4(),
        _ => NetworkOf(address),
    };

    private static IPAddress NetworkOf(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
