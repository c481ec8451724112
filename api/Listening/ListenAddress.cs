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
        if (host is not ("*" or "localhost") && !IPAddress.TryParse(host, out _))
            return false;
        address = new ListenAddress(host, port);
        return true;
    }

    /// <summary>As it is read: <c>host:port</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}
