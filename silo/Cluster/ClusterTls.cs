using System.Net.Security;
using Orleans.Connections.Security;

namespace Mall.Silo.Cluster;

/// <summary>Mutual TLS between processes of one mall.</summary>
internal static class ClusterTls
{
    /// <summary>
    /// A peer must show this very certificate, and the key that belongs to it: it is the mall's own, so nothing that an authority
    /// could say of it matters, neither its name nor who has signed it.
    /// </summary>
    public static void ExpectThisVery(this TlsOptions tls, X509Certificate2 certificate)
    {
        var expected = certificate.RawData;
        tls.RemoteCertificateMode = tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.RemoteCertificateValidation = (shown, _, errors) =>
            !errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) && shown.RawData.AsSpan().SequenceEqual(expected);
        tls.OnAuthenticateAsClient = (_, options) => options.TargetHost = "mall";
    }
}
