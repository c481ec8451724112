using System.Buffers;
using System.Buffers.Binary;

namespace Mall.Runtime;

/// <summary>
/// Frames of the transport itself, told from those it carries by their first byte. Each says the sender's view version, so that
/// news of a change goes round with every sign of life.
/// </summary>
internal sealed class LinkFrame(byte kind, IMembership membership) : IOutboundFrame
{
    /// <summary>The first byte of the transport's own frames is at least this.</summary>
    public const byte FirstKind = 0xf0;

    /// <summary>Asks for a sign of life.</summary>
    public const byte Ping = 0xf0;

    /// <summary>Gives it.</summary>
    public const byte Pong = 0xf1;

    /// <summary>Kind and view version.</summary>
    public const int Length = 1 + sizeof(long);

    public bool IsAnswer => true;

    public void WriteTo(IBufferWriter<byte> output)
    {
        var span = output.GetSpan(Length);
        span[0] = kind;
        BinaryPrimitives.WriteInt64LittleEndian(span[1..], membership.Current.Version);
        output.Advance(Length);
    }

    /// <summary>The view version that a frame says.</summary>
    public static long ReadVersion(ReadOnlySpan<byte> frame) =>
        frame.Length == Length
            ? BinaryPrimitives.ReadInt64LittleEndian(frame[1..])
            : throw new WireFormatException("A sign of life of the wrong length.");

    public void Undeliverable(Exception reason) { }
}
