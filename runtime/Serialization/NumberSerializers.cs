using System.Runtime.CompilerServices;

namespace Mall.Runtime;

/// <summary>Writes as a varint what fits into an unsigned number.</summary>
internal sealed class UnsignedSerializer<T>(Func<T, ulong> toNumber, Func<ulong, T> fromNumber, ulong max) : WireSerializer<T>
{
    public override void Write(ref WireWriter writer, uint field, T value)
    {
        writer.WriteTag(field, WireType.Varint);
        writer.WriteVarint(toNumber(value));
    }

    public override T Read(ref WireReader reader, WireType type)
    {
        var number = reader.ReadVarint(type);
        return number <= max ? fromNumber(number) : throw reader.Malformed($"{number} is no {typeof(T).Name}");
    }
}

/// <summary>Writes as a signed varint what fits into a signed number.</summary>
internal sealed class SignedSerializer<T>(Func<T, long> toNumber, Func<long, T> fromNumber, long min, long max)
    : WireSerializer<T>
{
    public override void Write(ref WireWriter writer, uint field, T value)
    {
        writer.WriteTag(field, WireType.Varint);
        writer.WriteSigned(toNumber(value));
    }

    public override T Read(ref WireReader reader, WireType type)
    {
        var number = reader.ReadSigned(type);
        return number >= min && number <= max ? fromNumber(number) : throw reader.Malformed($"{number} is no {typeof(T).Name}");
    }
}

/// <summary>
/// Writes an enum as its bits, a varint. A value that this version does not name is read as it is: a newer version may name it.
/// </summary>
public sealed class EnumSerializer<T> : WireSerializer<T> where T : struct, Enum
{
    /// <summary>The only one.</summary>
    public static readonly EnumSerializer<T> Instance = new();

    private EnumSerializer() { }

    /// <inheritdoc/>
    public override void Write(ref WireWriter writer, uint field, T value)
    {
        writer.WriteTag(field, WireType.Varint);
        writer.WriteVarint(Unsafe.SizeOf<T>() switch
        {
            1 => Unsafe.BitCast<T, byte>(value),
            2 => Unsafe.BitCast<T, ushort>(value),
            4 => Unsafe.BitCast<T, uint>(value),
            _ => Unsafe.BitCast<T, ulong>(value),
        });
    }

    /// <inheritdoc/>
    public override T Read(ref WireReader reader, WireType type)
    {
        var number = reader.ReadVarint(type);
        return Unsafe.SizeOf<T>() switch
        {
            1 when number <= byte.MaxValue => Unsafe.BitCast<byte, T>((byte)number),
            2 when number <= ushort.MaxValue => Unsafe.BitCast<ushort, T>((ushort)number),
            4 when number <= uint.MaxValue => Unsafe.BitCast<uint, T>((uint)number),
            8 => Unsafe.BitCast<ulong, T>(number),
            _ => throw reader.Malformed($"{number} is no {typeof(T).Name}"),
        };
    }
}
