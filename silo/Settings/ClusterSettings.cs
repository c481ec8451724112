namespace Mall.Silo.Settings;

/// <summary>A process's place among several.</summary>
/// <param name="Id">Orleans' cluster id: processes with another one do not meet.</param>
/// <param name="Silo">Where other silos reach this one; null for a process that hosts no grains.</param>
/// <param name="Gateway">Where front doors of other processes reach it; null with <paramref name="Silo"/>.</param>
/// <param name="Certificate">What all of them show and expect; null: connections without TLS.</param>
public sealed record ClusterSettings(string Id, IPEndPoint? Silo, IPEndPoint? Gateway, X509Certificate2? Certificate)
{
    public const string DefaultId = "mall";

    private const int MaxIdLength = 150; // Of Orleans' table.

    /// <summary>Null for a mall of one process.</summary>
    /// <exception cref="SettingsException">The first setting that cannot be used.</exception>
    internal static ClusterSettings? From(IConfiguration configuration, Roles roles, StoreAddress db)
    {
        var id = configuration[SettingNames.Cluster] is { Length: > 0 } given ? given : DefaultId;
        if (id.Length > MaxIdLength) throw new SettingsException(SettingNames.Cluster, $"is over {MaxIdLength} characters");
        var certificate = CertificateFile.Read(configuration, SettingNames.ClusterCertificate);
        var isPlain = Flag(configuration, SettingNames.ClusterPlaintext);
        if (isPlain && certificate is not null)
            throw new SettingsException(SettingNames.ClusterPlaintext, "contradicts cluster-certificate; give one of them");
        if (!roles.HasFlag(Roles.Silo)) return FrontDoor(configuration, id, certificate, db);
        if (Endpoint(configuration, SettingNames.Silo) is not { } silo) return Alone(configuration, roles, certificate);
        if (db.Kind == StoreKind.Sqlite)
        {
            throw new SettingsException(
                SettingNames.Silo,
                $"makes this process one of several, and {db} serves one; give db a postgres:// or mysql:// address");
        }

        if (certificate is null && !isPlain && !IPAddress.IsLoopback(silo.Address))
        {
            throw new SettingsException(
                SettingNames.ClusterCertificate,
                $"is needed, since {silo} can be reached from elsewhere; or cluster-plaintext true, where only the cluster can");
        }

        return new ClusterSettings(id, silo, GatewayOf(configuration, silo), certificate);
    }

    private static IPEndPoint GatewayOf(IConfiguration configuration, IPEndPoint silo)
    {
        if (Endpoint(configuration, SettingNames.Gateway) is not { } gateway)
        {
            return silo.Port < IPEndPoint.MaxPort
                ? new IPEndPoint(silo.Address, silo.Port + 1)
                : throw new SettingsException(SettingNames.Gateway, $"is needed, since there is no port after {silo.Port}");
        }

        // Orleans announces one address for both.
        if (!gateway.Address.Equals(silo.Address))
            throw new SettingsException(SettingNames.Gateway, $"must have the host of silo, {silo.Address}");
        return gateway.Port != silo.Port
            ? gateway
            : throw new SettingsException(SettingNames.Gateway, $"{gateway} is the address of silo already");
    }

    private static ClusterSettings FrontDoor(
        IConfiguration configuration, string id, X509Certificate2? certificate, StoreAddress db)
    {
        foreach (var setting in (string[])[SettingNames.Silo, SettingNames.Gateway])
        {
            if (!string.IsNullOrEmpty(configuration[setting]))
                throw new SettingsException(setting, "is for processes whose roles have silo in them");
        }

        return db.Kind == StoreKind.Sqlite
            ? throw new SettingsException(
                SettingNames.Roles,
                $"api alone finds its silos through the database, and {db} serves one process; "
                + "give db a postgres:// or mysql:// address")
            : new ClusterSettings(id, null, null, certificate);
    }

    private static ClusterSettings? Alone(IConfiguration configuration, Roles roles, X509Certificate2? certificate)
    {
        if (!roles.HasFlag(Roles.Api))
            throw new SettingsException(SettingNames.Silo, "is needed by a silo without api: how should anybody reach it?");
        if (!string.IsNullOrEmpty(configuration[SettingNames.Gateway]))
            throw new SettingsException(SettingNames.Gateway, "is for several processes; give silo, too, or leave it out");
        return certificate is null
            ? null
            : throw new SettingsException(
                SettingNames.ClusterCertificate, "is for several processes; give silo, too, or leave it out");
    }

    private static bool Flag(IConfiguration configuration, string setting) => configuration[setting] switch
    {
        null or "" or "false" => false,
        "true" => true,
        var text => throw new SettingsException(setting, $"'{text}' is neither true nor false"),
    };

    /// <summary>Null when the setting is not given. A name is resolved once, now: Orleans knows members by address.</summary>
    private static IPEndPoint? Endpoint(IConfiguration configuration, string setting)
    {
        if (configuration[setting] is not { Length: > 0 } text) return null;
        var colon = text.LastIndexOf(':');
        var host = colon > 0 ? text[..colon].Trim('[', ']') : "";
        if (host.Length == 0 || Uri.CheckHostName(host) == UriHostNameType.Unknown
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port == 0 || (IPAddress.TryParse(host, out var read) && !host.Contains(':') && read.ToString() != host))
            throw new SettingsException(setting, $"'{text}' is not host:port, such as 10.0.0.1:7001");
        if (IPAddress.TryParse(host, out var address))
        {
            return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
                ? throw new SettingsException(setting, $"'{text}' is no address that others can reach; name this machine's own")
                : new IPEndPoint(address, port);
        }

        try
        {
            var found = Dns.GetHostAddresses(host);
            address = Array.Find(found, a => a.AddressFamily == AddressFamily.InterNetwork) ?? found.FirstOrDefault();
        }
        catch (SocketException)
        {
            // Told below.
        }

        return address is not null
            ? new IPEndPoint(address, port)
            : throw new SettingsException(setting, $"the name '{host}' has no address");
    }
}
