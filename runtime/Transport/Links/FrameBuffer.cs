using System.Buffers;
using System.Buffers.Binary;

namespace Mall.Runtime;

/// <summary>
/// Collects frames, each behind its length in four bytes (little-endian, the length itself not counted), until they are written
/// in one go. One piece of memory, so that a frame that fails halfway can be taken back, which a <c>PipeWriter</c> cannot. One
/// thread at a time.
/// </summary>
internal sealed class FrameBuffer(int maxFrameBytes) : IBufferWriter<byte>
{
    public const int LengthPrefix = sizeof(int);

    private const int InitialSize = 64 * 1024;

    /// <summary>A buffer that one long frame has made larger than this is not kept.</summary>
    private const int LargestKept = 1 << 20;

    private const int SmallestSpan = 256;

    private byte[] _bytes = new byte[InitialSize];
    private int _used;
    private int _frameStart;

    public int Length => _used;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _used);

    /// <summary>Adds a frame, or takes back what was written of it and passes on what its writer has thrown.</summary>
    /// <returns>Its length on the wire.</returns>
    public int Append(IOutboundFrame frame)
    {
        _frameStart = _used;
        try
        {
            GetSpan(LengthPrefix);
            _used += LengthPrefix;
            frame.WriteTo(this);
            var length = _used - _frameStart - LengthPrefix;
            if (length > maxFrameBytes) throw TooLong();
            BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_frameStart), length);
            return _used - _frameStart;
        }
        catch
        {
            _used = _frameStart;
            throw;
        }
    }

    /// <summary>Everything has been written out.</summary>
    public void Clear()
    {
        _used = 0;
        if (_bytes.Length > LargestKept) _bytes = new byte[InitialSize];
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _used);
        _used += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _bytes.AsSpan(_used);
    }

    private void Ensure(int sizeHint)
    {
        var needed = Math.Max(sizeHint, SmallestSpan);
        if (_bytes.Length - _used >= needed) return;
        // What a frame may not have need not be allocated before it is refused.
        if (_used - _frameStart + (long)sizeHint > (long)maxFrameBytes + LengthPrefix) throw TooLong();
        Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(_bytes.Length * 2L, _used + (long)needed)));
    }

    private WireFormatException TooLong() => new($"A frame would be longer than {maxFrameBytes:N0} bytes, which is the limit.");
}
