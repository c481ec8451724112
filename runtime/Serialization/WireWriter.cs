using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Mall.Runtime;

/// <summary>
/// Writes fields. A field is a tag (number times 8 plus <see cref="WireType"/>, as a varint) and a value. Numbers start at 1. A
/// field that is null or the default of its type is left out where the serializer of its message says so.
/// </summary>
public ref struct WireWriter
{
    private const int LongestVarint = 10;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly IBufferWriter<byte> _output;
    private Span<byte> _span;
    private int _used;

    /// <summary>Writes to this output. Call <see cref="Flush"/> at the end.</summary>
    public WireWriter(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
        _span = output.GetSpan();
    }

    /// <summary>Tells the output what has been written.</summary>
    public void Flush()
    {
        _output.Advance(_used);
        _span = default;
        _used = 0;
    }

    /// <summary>A field's number and how its value is written.</summary>
    public void WriteTag(uint field, WireType type) => WriteVarint(((ulong)field << 3) | (byte)type);

    /// <summary>Ends the group that a tag with <see cref="WireType.Group"/> began.</summary>
    public void WriteEndGroup()
    {
        Ensure(1);
        _span[_used++] = 0;
    }

    /// <summary>A number of up to 64 bits in 1 to 10 bytes.</summary>
    public void WriteVarint(ulong value)
    {
        Ensure(LongestVarint);
        while (value >= 0x80)
        {
            _span[_used++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _span[_used++] = (byte)value;
    }

    /// <summary>A signed number, so that small ones of either sign are short.</summary>
    public void WriteSigned(long value) => WriteVarint(((ulong)value << 1) ^ (ulong)(value >> 63));

    /// <summary>Four bytes.</summary>
    public void WriteFixed32(uint value)
    {
        Ensure(sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(_span[_used..], value);
        _used += sizeof(uint);
    }

    /// <summary>Eight bytes.</summary>
    public void WriteFixed64(ulong value)
    {
        Ensure(sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(_span[_used..], value);
        _used += sizeof(ulong);
    }

    /// <summary>Sixteen bytes.</summary>
    public void WriteFixed128(ulong first, ulong second)
    {
        WriteFixed64(first);
        WriteFixed64(second);
    }

    /// <summary>Length and bytes.</summary>
    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteVarint((ulong)bytes.Length);
        Ensure(bytes.Length);
        bytes.CopyTo(_span[_used..]);
        _used += bytes.Length;
    }

    /// <summary>Text as UTF-8.</summary>
    /// <exception cref="WireFormatException">The text holds half a surrogate pair, which UTF-8 cannot say.</exception>
    public void WriteText(ReadOnlySpan<char> text)
    {
        try
        {
            var length = StrictUtf8.GetByteCount(text);
            WriteVarint((ulong)length);
            Ensure(length);
            _used += StrictUtf8.GetBytes(text, _span[_used..]);
        }
        catch (EncoderFallbackException exception)
        {
            throw new WireFormatException("A text holds half a surrogate pair.", exception);
        }
    }

    private void Ensure(int count)
    {
        if (_span.Length - _used < count) Grow(count);
    }

    private void Grow(int count)
    {
        _output.Advance(_used);
        _span = _output.GetSpan(count);
        _used = 0;
    }
}
