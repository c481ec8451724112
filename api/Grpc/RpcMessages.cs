using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Mall.Api.Grpc;

/// <summary>Reads and writes the messages of a call.</summary>
internal static class RpcMessages
{
    /// <summary>The one message of a unary request.</summary>
    /// <exception cref="ProblemException">There is none, or more than one, or it is malformed or too large.</exception>
    public static async ValueTask<T> ReadSingle<T>(PipeReader body, int maxLength, CancellationToken cancellationToken)
        where T : class, IMessage<T>, new()
    {
        var message = await ReadNext<T>(body, maxLength, cancellationToken)
            ?? throw new ProblemException(FrameReader.Malformed("there is no message"));
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            var isMore = !read.Buffer.IsEmpty;
            body.AdvanceTo(read.Buffer.End);
            if (isMore)
                throw new ProblemException(FrameReader.Malformed("something follows the one message of this method"));
            if (read.IsCompleted)
                return message;
        }
    }

    /// <summary>The next message of a stream; null at its end.</summary>
    /// <exception cref="ProblemException">It is malformed or too large, or the stream ends within it.</exception>
    public static async ValueTask<T?> ReadNext<T>(PipeReader body, int maxLength, CancellationToken cancellationToken)
        where T : class, IMessage<T>, new()
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            var (buffer, examined) = (read.Buffer, read.Buffer.End);
            try
            {
                if (TryParse(ref buffer, maxLength, out T? message))
                {
                    examined = buffer.Start; // What follows may be the next message already.
                    return message;
                }
            }
            finally
            {
                body.AdvanceTo(buffer.Start, examined); // Also when it threw: Kestrel goes on with this pipe.
            }

            if (!read.IsCompleted)
                continue;
            return buffer.IsEmpty ? null : throw new ProblemException(FrameReader.Malformed("it ends within a message"));
        }
    }

    /// <summary>Puts a message, with its frame, into the pipe; whoever calls flushes.</summary>
    public static void Write(IBufferWriter<byte> output, IMessage message)
    {
        var length = message.CalculateSize();
        var span = output.GetSpan(FrameReader.PrefixLength + length);
        span[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(span[1..], length);
        message.WriteTo(span.Slice(FrameReader.PrefixLength, length));
        output.Advance(FrameReader.PrefixLength + length);
    }

    private static bool TryParse<T>(ref ReadOnlySequence<byte> buffer, int maxLength, out T? message)
        where T : class, IMessage<T>, new()
    {
        message = null;
        if (!FrameReader.TryRead(ref buffer, maxLength, out var bytes))
            return false;
        try
        {
            message = new T();
            message.MergeFrom(bytes);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            throw new ProblemException(FrameReader.Malformed("a message is not the protocol buffer that this method takes"));
        }
    }
}
