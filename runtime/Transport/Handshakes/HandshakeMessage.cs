using System.Buffers;
using System.Buffers.Binary;

namespace Mall.Runtime;

/// <summary>
/// One message of the handshake: the four letters MALL, the sender's protocol version (two bytes), the length of the body (two
/// bytes), and the body, fields as <see cref="WireWriter"/> writes them. The first eight bytes are so in all versions for ever,
/// so that a silo can always say which version it misses.
/// </summary>
internal sealed class HandshakeMessage
{
    /// <summary>The protocol that this build speaks: raised when a frame or a field changes its meaning.</summary>
    public const ushort CurrentVersion = 1;

    public const int NonceLength = 32;
    public const int MacLength = 32;

    private const int PreambleLength = 8;

    /// <summary>Before it is proven who speaks, nobody is given more memory than this.</summary>
    private const int LongestBody = 2048;

    private const int LongestText = 512;

    public ushort Version { get; init; } = CurrentVersion;

    public Refusal Refusal { get; init; }

    /// <summary>What the refusal says to people.</summary>
    public string Text { get; init; } = "";

    public string ClusterId { get; init; } = "";

    /// <summary>Who speaks.</summary>
    public SiloAddress? Self { get; init; }

    /// <summary>Who is meant.</summary>
    public SiloAddress? Target { get; init; }

    public byte[] Nonce { get; init; } = [];

    public byte[] Mac { get; init; } = [];

    /// <summary>The message as it was written or read: what both sides sign.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Tells the other side why it is refused, as far as it still listens: the reason stands without that.</summary>
    public static async Task RefuseAsync(Stream stream, HandshakeException reason, CancellationToken cancellationToken)
    {
        try
        {
            await new HandshakeMessage { Refusal = reason.Refusal, Text = reason.Message }.WriteAsync(stream, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // It has hung up, or reads nothing.
        }
    }

    public async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        Bytes = ToBytes();
        await stream.WriteAsync(Bytes, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }

    /// <summary>Reads exactly one message and no byte more.</summary>
    /// <exception cref="HandshakeException">It is none, or of another version.</exception>
    public static async Task<HandshakeMessage> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var preamble = new byte[PreambleLength];
        await ReadExactlyAsync(stream, preamble, cancellationToken);
        if (IsTls(preamble))
            throw new HandshakeException(Refusal.Certificate, "the other side has a certificate, this one has none");
        if (!preamble.AsSpan(0, 4).SequenceEqual("MALL"u8))
            throw new HandshakeException(Refusal.Malformed, "the other side is no silo");
        var version = BinaryPrimitives.ReadUInt16LittleEndian(preamble.AsSpan(4));
        if (version != CurrentVersion)
        {
            throw new HandshakeException(
                Refusal.Version, $"the other side speaks version {version} of the protocol, this one version {CurrentVersion}");
        }

        var length = BinaryPrimitives.ReadUInt16LittleEndian(preamble.AsSpan(6));
        if (length > LongestBody) throw new HandshakeException(Refusal.Malformed, $"a message of {length} bytes");
        var bytes = new byte[PreambleLength + length];
        preamble.CopyTo(bytes, 0);
        await ReadExactlyAsync(stream, bytes.AsMemory(PreambleLength), cancellationToken);
        return Parse(bytes);
    }

    /// <summary>
    /// An alert or a hello of TLS: the type of the record, and the major version, which has been 3 since SSL 3 (RFC 8446, 5.1).
    /// </summary>
    private static bool IsTls(ReadOnlySpan<byte> preamble) => preamble[0] is 0x15 or 0x16 && preamble[1] == 3;

    private static async Task ReadExactlyAsync(Stream stream, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.ReadExactlyAsync(bytes, cancellationToken);
        }
        catch (EndOfStreamException exception)
        {
            throw new IOException("the other side has hung up during the handshake", exception);
        }
    }

    private byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(256);
        output.Write("MALL\0\0\0\0"u8);
        var writer = new WireWriter(output);
        WireSerializers.Int32.Write(ref writer, Field.Refusal, (int)Refusal);
        WireSerializers.String.Write(ref writer, Field.Text, Text.Length <= LongestText ? Text : Text[..LongestText]);
        WireSerializers.String.Write(ref writer, Field.ClusterId, ClusterId);
        Write(ref writer, Self, Field.SelfEndpoint, Field.SelfGeneration);
        Write(ref writer, Target, Field.TargetEndpoint, Field.TargetGeneration);
        writer.WriteTag(Field.Nonce, WireType.Bytes);
        writer.WriteBytes(Nonce);
        writer.WriteTag(Field.Mac, WireType.Bytes);
        writer.WriteBytes(Mac);
        writer.WriteEndGroup();
        writer.Flush();
        var bytes = output.WrittenSpan.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(6), checked((ushort)(bytes.Length - PreambleLength)));
        return bytes;
    }

    private static void Write(ref WireWriter writer, SiloAddress? address, uint endpointField, uint generationField)
    {
        if (address is null) return;
        WireSerializers.String.Write(ref writer, endpointField, address.Endpoint);
        WireSerializers.Int64.Write(ref writer, generationField, address.Generation);
    }

    private static HandshakeMessage Parse(byte[] bytes)
    {
        var reader = new WireReader(bytes.AsSpan(PreambleLength));
        var fields = new Fields();
        try
        {
            while (reader.TryReadField(out var field, out var type)) fields.Read(ref reader, field, type);
        }
        catch (WireFormatException exception)
        {
            throw new HandshakeException(exception.Message, exception);
        }

        return new HandshakeMessage
        {
            Refusal = (Refusal)fields.Refusal,
            Text = fields.Text ?? "",
            ClusterId = fields.ClusterId ?? "",
            Self = fields.SelfEndpoint is { } self ? new SiloAddress(self, fields.SelfGeneration) : null,
            Target = fields.TargetEndpoint is { } target ? new SiloAddress(target, fields.TargetGeneration) : null,
            Nonce = fields.Nonce ?? [],
            Mac = fields.Mac ?? [],
            Bytes = bytes,
        };
    }

    private static class Field
    {
        public const uint Refusal = 1;
        public const uint Text = 2;
        public const uint ClusterId = 3;
        public const uint SelfEndpoint = 4;
        public const uint SelfGeneration = 5;
        public const uint TargetEndpoint = 6;
        public const uint TargetGeneration = 7;
        public const uint Nonce = 8;
        public const uint Mac = 9;
    }

    private struct Fields
    {
        public int Refusal;
        public string? Text;
        public string? ClusterId;
        public string? SelfEndpoint;
        public long SelfGeneration;
        public string? TargetEndpoint;
        public long TargetGeneration;
        public byte[]? Nonce;
        public byte[]? Mac;

        public void Read(ref WireReader reader, uint field, WireType type)
        {
            switch (field)
            {
                case Field.Refusal: Refusal = WireSerializers.Int32.Read(ref reader, type); break;
                case Field.Text: Text = reader.ReadText(type); break;
                case Field.ClusterId: ClusterId = reader.ReadText(type); break;
                case Field.SelfEndpoint: SelfEndpoint = reader.ReadText(type); break;
                case Field.SelfGeneration: SelfGeneration = WireSerializers.Int64.Read(ref reader, type); break;
                case Field.TargetEndpoint: TargetEndpoint = reader.ReadText(type); break;
                case Field.TargetGeneration: TargetGeneration = WireSerializers.Int64.Read(ref reader, type); break;
                case Field.Nonce: Nonce = reader.ReadBytes(type).ToArray(); break;
                case Field.Mac: Mac = reader.ReadBytes(type).ToArray(); break;
                default: reader.Skip(type); break;
            }
        }
    }
}
