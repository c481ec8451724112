using System.Buffers.Binary;
using System.Text;

namespace Mall.Runtime;

/// <summary>
/// Reads what <see cref="WireWriter"/> wrote, and survives what it did not: every length is checked against what is left, groups
/// nest no deeper than <see cref="MaxDepth"/>, and nothing is allocated on the word of a number alone. Whatever is wrong ends in
/// a
/// <see cref="WireFormatException"/>.
/// </summary>
public ref struct WireReader
{
    /// <summary>How deep groups may nest.</summary>
    public const int MaxDepth = 64;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _input;
    private int _position;
    private int _depth;

    /// <summary>Reads these bytes.</summary>
    public WireReader(ReadOnlySpan<byte> input) => _input = input;

    /// <summary>How many bytes are left.</summary>
    public readonly int Remaining => _input.Length - _position;

    /// <summary>The next field of the group that is being read; false, and past the end mark, when there is none.</summary>
    public bool TryReadField(out uint field, out WireType type)
    {
        var tag = ReadVarint();
        type = (WireType)(tag & 7);
        if (tag == 0)
        {
            field = 0;
            return false;
        }

        if (tag >> 3 is 0 or > uint.MaxValue || type is WireType.EndGroup or > WireType.Group) throw Malformed("no such tag");
        field = (uint)(tag >> 3);
        return true;
    }

    /// <summary>Enters a group. Leave it when <see cref="TryReadField"/> has answered false.</summary>
    public void EnterGroup(WireType type)
    {
        Expect(type, WireType.Group);
        if (++_depth > MaxDepth) throw Malformed("nested too deeply");
    }

    /// <summary>Leaves a group whose end mark has been read.</summary>
    public void LeaveGroup() => _depth--;

    /// <summary>Skips the value of a field that the reader does not know.</summary>
    public void Skip(WireType type)
    {
        switch (type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed32:
                Take(4);
                break;
            case WireType.Fixed64:
                Take(8);
                break;
            case WireType.Fixed128:
                Take(16);
                break;
            case WireType.Bytes:
                ReadBytes(type);
                break;
            default:
                EnterGroup(type);
                while (TryReadField(out _, out var inner)) Skip(inner);
                LeaveGroup();
                break;
        }
    }

    /// <summary>The value of a varint field.</summary>
    public ulong ReadVarint(WireType type)
    {
        Expect(type, WireType.Varint);
        return ReadVarint();
    }

    /// <summary>The value of a varint field that <see cref="WireWriter.WriteSigned"/> wrote.</summary>
    public long ReadSigned(WireType type)
    {
        var value = ReadVarint(type);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>Four bytes.</summary>
    public uint ReadFixed32(WireType type)
    {
        Expect(type, WireType.Fixed32);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    /// <summary>Eight bytes.</summary>
    public ulong ReadFixed64(WireType type)
    {
        Expect(type, WireType.Fixed64);
        return BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
    }

    /// <summary>Sixteen bytes.</summary>
    public (ulong First, ulong Second) ReadFixed128(WireType type)
    {
        Expect(type, WireType.Fixed128);
        var bytes = Take(16);
        return (BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
    }

    /// <summary>The bytes of a field, in place.</summary>
    public ReadOnlySpan<byte> ReadBytes(WireType type)
    {
        Expect(type, WireType.Bytes);
        var length = ReadVarint();
        if (length > (ulong)Remaining) throw Malformed("a length reaches past the end");
        return Take((int)length);
    }

    /// <summary>Text that was written as UTF-8.</summary>
    public string ReadText(WireType type)
    {
        var bytes = ReadBytes(type);
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new WireFormatException($"A text that ends at byte {_position} is not UTF-8.", exception);
        }
    }

    /// <summary>Makes the exception for a value that is not what it should be.</summary>
    public readonly WireFormatException Malformed(string what) =>
        new($"Malformed at byte {_position} of {_input.Length}: {what}.");

    private readonly void Expect(WireType actual, WireType expected)
    {
        if (actual != expected) throw Malformed($"{actual} where {expected} belongs");
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_position >= _input.Length) throw Malformed("cut off");
            var b = _input[_position++];
            if (shift == 63 && b > 1) throw Malformed("a number has more than 64 bits");
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }

        throw Malformed("a number does not end");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (Remaining < count) throw Malformed("cut off");
        var bytes = _input.Slice(_position, count);
        _position += count;
        return bytes;
    }
}
