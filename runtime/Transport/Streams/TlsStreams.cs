using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Mall.Runtime;

/// <summary>
/// TLS around connections, when the cluster has a certificate. All processes have the same one, both sides show it, and each
/// accepts it and no other: there is no authority to trust, and no name to check.
/// </summary>
internal static class TlsStreams
{
    /// <summary>The dialer's side. The stream is closed if it fails.</summary>
    /// <exception cref="HandshakeException">The other has another certificate, or none.</exception>
    /// <exception cref="IOException">The connection has ended.</exception>
    public static async Task<Stream> DialAsync(Stream stream, X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "mall",
            ClientCertificates = [certificate],
            RemoteCertificateValidationCallback = (_, shown, _, _) => IsSame(shown, certificate),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        await AuthenticateAsync(
            secure, () => secure.AuthenticateAsClientAsync(options, cancellationToken), static _ => Task.CompletedTask);
        return secure;
    }

    /// <summary>The acceptor's side. The stream is closed if it fails.</summary>
    /// <exception cref="HandshakeException">
    /// The other has another certificate, or none; it has been told, as far as it listens.
    /// </exception>
    /// <exception cref="IOException">The connection has ended.</exception>
    public static async Task<Stream> AcceptAsync(Stream stream, X509Certificate2 certificate, CancellationToken cancellationToken)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, shown, _, _) => IsSame(shown, certificate),
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
        await AuthenticateAsync(
            secure,
            () => secure.AuthenticateAsServerAsync(options, cancellationToken),
            // In the clear: whoever has none reads it.
            refusal => HandshakeMessage.RefuseAsync(stream, refusal, cancellationToken));
        return secure;
    }

    private static async Task AuthenticateAsync(SslStream secure, Func<Task> authenticate, Func<HandshakeException, Task> tell)
    {
        try
        {
            await authenticate();
        }
        catch (AuthenticationException exception)
        {
            var refusal = new HandshakeException(
                Refusal.Certificate, $"the other side has another certificate, or none: {exception.Message}");
            await tell(refusal);
            await secure.DisposeAsync();
            throw refusal;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    private static bool IsSame(X509Certificate? shown, X509Certificate2 expected) =>
        shown is not null && shown.GetRawCertData().AsSpan().SequenceEqual(expected.RawDataMemory.Span);
}
