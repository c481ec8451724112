using System.Buffers;
using System.Buffers.Binary;

namespace Mall.Api.Grpc;

/// <summary>
/// Cuts messages out of a stream of bytes: a flag (compressed or not), four bytes of length, the message. It holds no state and
/// allocates nothing, whatever the bytes say; a length beyond the limit is refused before a byte of it is waited for.
/// </summary>
internal static class FrameReader
{
    public const int PrefixLength = 5;

    /// <summary>Takes one message off the front of <paramref name="buffer"/>, or leaves it when it is not there yet.</summary>
    /// <exception cref="ProblemException">The frame is malformed, compressed or too large.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maxLength, out ReadOnlySequence<byte> message)
    {
        message = default;
        if (buffer.IsEmpty)
            return false;
        CheckFlag(buffer.FirstSpan.IsEmpty ? buffer.Slice(0, 1).ToArray()[0] : buffer.FirstSpan[0]);
        if (buffer.Length < PrefixLength)
            return false;

        Span<byte> prefix = stackalloc byte[PrefixLength];
        buffer.Slice(0, PrefixLength).CopyTo(prefix);
        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        if (length > maxLength)
            throw new ProblemException(ProblemMapping.TooLarge);
        if (buffer.Length < PrefixLength + length)
            return false;

        message = buffer.Slice(PrefixLength, length);
        buffer = buffer.Slice(PrefixLength + length);
        return true;
    }

    private static void CheckFlag(byte flag)
    {
        if (flag == 0)
            return;
        throw new ProblemException(flag == 1
            ? Problem.BadCall(GrpcStatus.Unimplemented, "Compressed messages are not taken; send them as they are.")
            : Malformed("the first byte of a message frame is neither 0 nor 1"));
    }

    public static Problem Malformed(string what) => Problem.Of(ErrorCodes.BadParameter, $"The call is malformed: {what}.");
}
