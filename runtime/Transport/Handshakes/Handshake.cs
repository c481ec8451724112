using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Mall.Runtime;

/// <summary>
/// How two processes get to know each other, in four messages: the dialer says who it is and whom it wants (<em>hello</em>), the
/// acceptor answers with a number that it has never used (<em>challenge</em>), the dialer shows that it knows the secret
/// (<em>proof</em>), and only then does the acceptor show the same (<em>welcome</em>), so that a stranger gets nothing on which
/// to try out secrets.
/// <para>
/// A proof is an HMAC-SHA256 under the secret over the role and the bytes of hello and challenge. Both hold fresh numbers, so an
/// old conversation proves nothing; the role keeps one side's proof from serving as the other's. Frames afterwards are neither
/// signed nor encrypted: on a network where others can write into connections, give a certificate, and all of this runs inside
/// TLS.
/// </para>
/// </summary>
internal sealed class Handshake(string clusterId, string secret, IRandomSource random)
{
    private readonly byte[] _key = SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>The dialer's part.</summary>
    /// <exception cref="HandshakeException">The other side refuses, or this one does.</exception>
    /// <exception cref="IOException">The connection has ended.</exception>
    public async Task DialAsync(Stream stream, SiloAddress self, SiloAddress target, CancellationToken cancellationToken)
    {
        var hello = new HandshakeMessage { ClusterId = clusterId, Self = self, Target = target, Nonce = FreshNonce() };
        await hello.WriteAsync(stream, cancellationToken);
        var challenge = await HandshakeMessage.ReadAsync(stream, cancellationToken);
        ThrowIfRefused(challenge);
        if (challenge.Nonce.Length != HandshakeMessage.NonceLength) throw new HandshakeException("a challenge without a number");
        await new HandshakeMessage { Mac = Sign("dialer", hello, challenge) }.WriteAsync(stream, cancellationToken);
        var welcome = await HandshakeMessage.ReadAsync(stream, cancellationToken);
        ThrowIfRefused(welcome);
        if (!IsSigned(welcome, "acceptor", hello, challenge))
            throw new HandshakeException(Refusal.Secret, "the other side does not know the cluster's secret");
    }

    /// <summary>The acceptor's part.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="self">Who this is.</param>
    /// <param name="mayServe">Whether connections are wanted at all at the moment.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Who has dialed.</returns>
    /// <exception cref="HandshakeException">This side refuses; the other has been told, as far as it listens.</exception>
    /// <exception cref="IOException">The connection has ended.</exception>
    public async Task<SiloAddress> AcceptAsync(
        Stream stream, SiloAddress self, bool mayServe, CancellationToken cancellationToken)
    {
        try
        {
            var hello = await HandshakeMessage.ReadAsync(stream, cancellationToken);
            Check(hello, self, mayServe);
            var challenge = new HandshakeMessage { Self = self, Nonce = FreshNonce() };
            await challenge.WriteAsync(stream, cancellationToken);
            var proof = await HandshakeMessage.ReadAsync(stream, cancellationToken);
            if (!IsSigned(proof, "dialer", hello, challenge))
                throw new HandshakeException(Refusal.Secret, $"{hello.Self} does not know the cluster's secret");
            await new HandshakeMessage { Mac = Sign("acceptor", hello, challenge) }.WriteAsync(stream, cancellationToken);
            return hello.Self!;
        }
        catch (HandshakeException exception)
        {
            await HandshakeMessage.RefuseAsync(stream, exception, cancellationToken);
            throw;
        }
    }

    private void Check(HandshakeMessage hello, SiloAddress self, bool mayServe)
    {
        if (hello.Self is not { Endpoint.Length: > 0 } || hello.Target is null
            || hello.Nonce.Length != HandshakeMessage.NonceLength)
            throw new HandshakeException("a hello that says too little");
        if (hello.ClusterId != clusterId)
            throw new HandshakeException(
                Refusal.Cluster, $"{hello.Self} belongs to cluster '{hello.ClusterId}', {self} to '{clusterId}'");
        if (!hello.Target.Equals(self))
            throw new HandshakeException(Refusal.OtherIncarnation, $"{hello.Self} wants {hello.Target}, but this is {self}");
        if (!mayServe) throw new HandshakeException(Refusal.NotServing, $"{self} does not serve at the moment");
    }

    private static void ThrowIfRefused(HandshakeMessage message)
    {
        if (message.Refusal != Refusal.None) throw new HandshakeException(message.Refusal, message.Text);
    }

    private bool IsSigned(HandshakeMessage message, string role, HandshakeMessage hello, HandshakeMessage challenge) =>
        CryptographicOperations.FixedTimeEquals(message.Mac, Sign(role, hello, challenge));

    private byte[] Sign(string role, HandshakeMessage hello, HandshakeMessage challenge)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mac.AppendData(Encoding.UTF8.GetBytes($"mall transport, {role}\n"));
        mac.AppendData(hello.Bytes); // Each message says its own length, so no two pairs run together alike.
        mac.AppendData(challenge.Bytes);
        return mac.GetHashAndReset();
    }

    private byte[] FreshNonce()
    {
        var nonce = new byte[HandshakeMessage.NonceLength];
        for (var i = 0; i < nonce.Length; i += sizeof(ulong))
            BinaryPrimitives.WriteUInt64LittleEndian(nonce.AsSpan(i), random.NextUInt64());
        return nonce;
    }
}
