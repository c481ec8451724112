namespace Mall.Api;

/// <summary>Where a server listens.</summary>
/// <param name="Host">An IP address, <c>localhost</c>, or <c>*</c> for every interface.</param>
/// <param name="Port">0 takes a free one.</param>
public sealed record ListenAddress(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c>; an IPv6 address stands in brackets.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ListenAddress? address)
    {
        address = null;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return false;
        var host = text![..colon];
        // The framework reads 1 as 0.0.0.1, 010.0.0.1 as 8.0.0.1, and IPv6 without brackets, whose port may be its end.
        if (host is not ("*" or "localhost")
            && !(IPAddress.TryParse(host, out var ip) && (host[0] == '[' || (!host.Contains(':') && ip.ToString() == host))))
            return false;
        address = new ListenAddress(host, port);
        return true;
    }

    /// <summary>Whether only this machine reaches it.</summary>
    public bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out var ip) && IPAddress.IsLoopback(ip));

    /// <summary>As it is read: <c>host:port</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
