using System.Buffers;
using System.IO.Pipelines;

namespace Mall.Runtime;

/// <content>From the stream to the receiver.</content>
internal sealed partial class Link
{
    private const int ReadBytes = 64 * 1024;

    /// <summary>Reads until the connection ends, and says why it has.</summary>
    private async Task<Exception> ReadToEndAsync()
    {
        var reader = PipeReader.Create(
            _stream, new StreamPipeReaderOptions(bufferSize: ReadBytes, minimumReadSize: ReadBytes / 4, leaveOpen: true));
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync();
                Volatile.Write(ref _silentTicks, 0);
                var rest = TakeFrames(result.Buffer);
                _around.Metrics.Read(result.Buffer.Length - rest.Length);
                reader.AdvanceTo(rest.Start, rest.End);
                if (result.IsCompleted) return new SiloUnavailableException($"{Peer} has closed the connection.");
            }
        }
        catch (WireFormatException exception)
        {
            _around.Log.BadFrame(Peer, exception.Message);
            return new SiloUnavailableException($"A frame from {Peer} is malformed: {exception.Message}", exception);
        }
        catch (Exception exception) // A loop's edge: whatever a stream throws ends this link.
        {
            return new SiloUnavailableException($"The connection to {Peer} has failed: {exception.Message}", exception);
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    /// <summary>Hands on the frames that are complete.</summary>
    /// <returns>The bytes behind them.</returns>
    private ReadOnlySequence<byte> TakeFrames(ReadOnlySequence<byte> bytes)
    {
        while (TryReadLength(bytes, out var length) && bytes.Length >= FrameBuffer.LengthPrefix + length)
        {
            var frame = bytes.Slice(FrameBuffer.LengthPrefix, length);
            if (frame.IsSingleSegment) Take(frame.FirstSpan);
            else TakeScattered(frame);
            bytes = bytes.Slice(frame.End);
        }

        return bytes;
    }

    /// <summary>Reads a frame's length, and refuses one that is too long before a byte of it is kept.</summary>
    private bool TryReadLength(in ReadOnlySequence<byte> bytes, out int length)
    {
        var reader = new SequenceReader<byte>(bytes);
        if (!reader.TryReadLittleEndian(out length)) return false;
        if ((uint)length - 1 >= (uint)_around.Options.MaxFrameBytes)
            throw new WireFormatException(
                $"A frame of {(uint)length:N0} bytes; 1 to {_around.Options.MaxFrameBytes:N0} are allowed.");
        return true;
    }

    /// <summary>A frame that did not come in one piece is put together in a rented one.</summary>
    private void TakeScattered(in ReadOnlySequence<byte> frame)
    {
        var length = (int)frame.Length;
        var whole = ArrayPool<byte>.Shared.Rent(length);
        frame.CopyTo(whole);
        Take(whole.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(whole); // Not when it throws: the pool does not miss it.
    }

    private void Take(ReadOnlySpan<byte> frame)
    {
        if (frame[0] < LinkFrame.FirstKind) _around.Receiver.Receive(Peer, frame);
        else TakeSignOfLife(frame);
    }

    private void TakeSignOfLife(ReadOnlySpan<byte> frame)
    {
        if (frame[0] == LinkFrame.Ping) TrySend(_pong);
        else if (frame[0] != LinkFrame.Pong) throw new WireFormatException($"No such kind of frame: {frame[0]}.");
        var version = LinkFrame.ReadVersion(frame);
        if (version > _heardVersion) Volatile.Write(ref _heardVersion, version); // One reader.
        _around.Membership.Hint(version);
    }
}
