using System.Buffers;
using System.Buffers.Binary;
using Mall.Api.Errors;
using Mall.Api.Grpc;

namespace Mall.Tests.FrontDoor.Grpc;

/// <summary>The reader of message frames, against everything that bytes can be; each failure names its seed.</summary>
public sealed class FrameReaderTests
{
    private const int MaxLength = 1000;

    [Fact]
    public void Read_WhenMessagesComeInPiecesOfAnySize_FindsThemAll()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var count = random.Next(1, 6);
            var messages = Enumerable.Range(0, count).Select(_ => Bytes(random, random.Next(0, MaxLength + 1))).ToArray();
            var buffer = InPieces(random, [.. messages.SelectMany(Frame)]);

            foreach (var message in messages)
            {
                Assert.True(FrameReader.TryRead(ref buffer, MaxLength, out var read), $"seed {seed}");
                Assert.Equal(message, read.ToArray());
            }

            Assert.True(buffer.IsEmpty, $"seed {seed}");
        }
    }

    [Fact]
    public void Read_WhenAFrameIsCutAnywhere_WaitsForTheRestAndTakesNothing()
    {
        var random = new Random(1);
        var frame = Frame(Bytes(random, 300));
        for (var length = 0; length < frame.Length; length++)
        {
            var buffer = InPieces(random, frame[..length]);
            Assert.False(FrameReader.TryRead(ref buffer, MaxLength, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Fact]
    public void Read_WhenBytesAreArbitrary_ReadsOrRefusesAndNeverTakesMoreThanThereIs()
    {
        for (var seed = 0; seed < 5000; seed++)
        {
            var random = new Random(seed);
            var bytes = Bytes(random, random.Next(0, 40));
            if (bytes.Length > 0 && random.Next(2) == 0) bytes[0] = (byte)random.Next(3);
            var buffer = InPieces(random, bytes);
            try
            {
                while (FrameReader.TryRead(ref buffer, MaxLength, out var message))
                    Assert.InRange(message.Length, 0, MaxLength);
                Assert.InRange(buffer.Length, 0, bytes.Length);
            }
            catch (ProblemException refused)
            {
                Assert.Equal(ErrorCodes.BadParameter, refused.Problem.Kind.Code);
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 1 }, GrpcStatus.Unimplemented)]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 }, GrpcStatus.Unimplemented)]
    [InlineData(new byte[] { 2, 0, 0, 0, 0 }, GrpcStatus.InvalidArgument)]
    [InlineData(new byte[] { 255 }, GrpcStatus.InvalidArgument)]
    [InlineData(new byte[] { 0, 0, 0, 3, 0xE9 }, GrpcStatus.ResourceExhausted)]
    [InlineData(new byte[] { 0, 0x7F, 0xFF, 0xFF, 0xFF }, GrpcStatus.ResourceExhausted)]
    [InlineData(new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF }, GrpcStatus.ResourceExhausted)]
    internal void Read_WhenThePrefixIsWrong_RefusesBeforeItWaitsForMore(byte[] bytes, GrpcStatus status)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        var refused = Assert.Throws<ProblemException>(() => FrameReader.TryRead(ref buffer, MaxLength, out _));
        Assert.Equal(status, refused.Problem.GrpcStatus);
    }

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    /// <summary>The bytes in segments of arbitrary sizes, empty ones among them.</summary>
    private static ReadOnlySequence<byte> InPieces(Random random, byte[] bytes)
    {
        var first = new Piece(ReadOnlyMemory<byte>.Empty, null);
        var last = first;
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(random.Next(0, 12), bytes.Length - at);
            last = new Piece(bytes.AsMemory(at, length), last);
            at += length;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
