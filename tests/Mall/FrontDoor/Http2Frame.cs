using System.Buffers.Binary;
using System.Text;

namespace Mall.Tests.FrontDoor;

/// <summary>HTTP/2 by hand, for what no client would send.</summary>
internal static class Http2Frame
{
    /// <summary>A client's first words, with settings of its own: two bytes of a name and four of a value each.</summary>
    public static byte[] Preface(params byte[] settings) =>
        [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Of(type: 4, flags: 0, stream: 0, settings)];

    /// <summary>The whole of a request without a body; the path is shorter than 127 bytes.</summary>
    public static byte[] Get(int stream, string path) => Of(type: 1, flags: 5, stream,
    [
        0x82, 0x86, // GET, http.
        0x01, 1, (byte)'x', // The authority.
        0x04, (byte)path.Length, .. Encoding.ASCII.GetBytes(path),
    ]);

    public static byte[] Of(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }
}
