namespace Mall.Silo.Cluster;

/// <summary>Why a silo could not become a member, in one line that names the setting.</summary>
internal static class JoinFailure
{
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After the others have not let this silo in, or have not answered. Those that take its connections and yet do not talk to
    /// it speak TLS with another certificate, or without.
    /// </summary>
    public static string Explain(IServiceProvider services)
    {
        var own = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint;
        var others = services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Endpoint.Equals(own))
            .Select(member => member.SiloAddress.Endpoint).ToArray();
        var (setting, why) = others.Any(CanConnect)
            ? (SettingNames.ClusterCertificate, "all processes of a cluster need the same one, or none")
            : (SettingNames.Silo, "all silos must reach each other at their addresses");
        return new SettingsException(
            setting,
            $"{own} does not come to talk with the cluster's silos ({string.Join<IPEndPoint>(", ", others)}): {why}").Message;
    }

    private static bool CanConnect(IPEndPoint endpoint)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var connecting = socket.BeginConnect(endpoint, null, null);
        return connecting.AsyncWaitHandle.WaitOne(s_connectLimit) && socket.Connected;
    }
}
