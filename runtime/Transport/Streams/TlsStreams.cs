using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Mall.Runtime;

/// <summary>
/// TLS around connections, when the cluster has a certificate. All processes have the same one, both sides show it, and each accepts it
/// and no other: there is no authority to trust, and no name to check.
/// </summary>
internal static class TlsStreams
{
    /// <summary>The dialer's side.</summary>
    /// <exception cref="IOException">They have not come to terms.</exception>
    public static async Task<Stream> DialAsync(Stream stream, X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        await AuthenticateAsync(secure, () => secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "mall",
                ClientCertificates = [certificate],
                RemoteCertificateValidationCallback = (_, shown, _, _) => IsSame(shown, certificate),
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            },
            cancellationToken));
        return secure;
    }

    /// <summary>The acceptor's side.</summary>
    /// <exception cref="IOException">They have not come to terms.</exception>
    public static async Task<Stream> AcceptAsync(Stream stream, X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        await AuthenticateAsync(secure, () => secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, shown, _, _) => IsSame(shown, certificate),
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            },
            cancellationToken));
        return secure;
    }

    private static async Task AuthenticateAsync(SslStream stream, Func<Task> authenticate)
    {
        try
        {
            await authenticate();
        }
        catch (System.Security.Authentication.AuthenticationException exception)
        {
            await stream.DisposeAsync();
            throw new IOException($"no TLS: {exception.Message}", exception);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static bool IsSame(X509Certificate? shown, X509Certificate2 expected) =>
        shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(expected.RawDataMemory.Span);
}
