using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Mall.Ledger.Stores;

namespace Mall.Silo.Settings;

/// <summary>A process's place among several.</summary>
/// <param name="Silo">Where other processes reach this one, <c>host:port</c>; null for one that hosts no grains.</param>
/// <param name="Secret">What all of them know; empty on loopback only.</param>
/// <param name="Certificate">What all of them show and expect; null: connections without TLS.</param>
public sealed record ClusterSettings(string? Silo, string Secret, X509Certificate2? Certificate)
{
    /// <summary>Null for a mall of one process.</summary>
    /// <exception cref="SettingsException">The first setting that cannot be used.</exception>
    internal static ClusterSettings? From(IConfiguration configuration, Roles roles, StoreAddress db)
    {
        var silo = configuration[SettingNames.Silo];
        var secret = configuration[SettingNames.ClusterSecret] ?? "";
        var certificate = CertificateFile.Read(configuration, SettingNames.ClusterCertificate);
        if (!roles.HasFlag(Roles.Silo)) return FrontDoor(silo, secret, certificate, db);
        if (string.IsNullOrEmpty(silo)) return Alone(roles, secret, certificate);

        if (!TryParse(silo, out var host))
            throw new SettingsException(SettingNames.Silo, $"'{silo}' is not host:port, such as 10.0.0.1:7001");
        if (db.Kind == StoreKind.Sqlite)
        {
            throw new SettingsException(
                SettingNames.Silo,
                $"makes this process one of several, and {db} serves one; give db a postgres:// or mysql:// address");
        }

        if (secret.Length == 0 && !IsLoopback(host))
            throw new SettingsException(
                SettingNames.ClusterSecret, $"is needed, since {silo} can be reached from other machines");
        return new ClusterSettings(silo, secret, certificate);
    }

    private static ClusterSettings FrontDoor(string? silo, string secret, X509Certificate2? certificate, StoreAddress db)
    {
        if (!string.IsNullOrEmpty(silo))
            throw new SettingsException(SettingNames.Silo, "is for processes whose roles have silo in them");
        if (db.Kind == StoreKind.Sqlite)
        {
            throw new SettingsException(
                SettingNames.Roles,
                $"api alone finds its silos through the database, and {db} serves one process; "
                + "give db a postgres:// or mysql:// address");
        }

        if (secret.Length == 0)
            throw new SettingsException(SettingNames.ClusterSecret, "is needed by a process that calls silos elsewhere");
        return new ClusterSettings(null, secret, certificate);
    }

    private static ClusterSettings? Alone(Roles roles, string secret, X509Certificate2? certificate)
    {
        if (!roles.HasFlag(Roles.Api))
            throw new SettingsException(SettingNames.Silo, "is needed by a silo without api: how should anybody reach it?");
        if (secret.Length != 0)
            throw new SettingsException(SettingNames.ClusterSecret, "is for several processes; give silo, too, or leave it out");
        if (certificate is not null)
            throw new SettingsException(
                SettingNames.ClusterCertificate, "is for several processes; give silo, too, or leave it out");
        return null;
    }

    private static bool TryParse(string address, out string host)
    {
        var colon = address.LastIndexOf(':');
        host = colon > 0 ? address[..colon].Trim('[', ']') : "";
        return host.Length != 0 && Uri.CheckHostName(host) != UriHostNameType.Unknown
            && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port != 0;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
