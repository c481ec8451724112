using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Mall.Runtime;

/// <summary>The serializers of types that messages are built from.</summary>
public static class WireSerializers
{
    /// <summary>A varint, 0 or 1.</summary>
    public static readonly WireSerializer<bool> Boolean = new UnsignedSerializer<bool>(v => v ? 1UL : 0, v => v != 0, 1);

    /// <summary>A varint.</summary>
    public static readonly WireSerializer<byte> Byte = new UnsignedSerializer<byte>(v => v, v => (byte)v, byte.MaxValue);

    /// <summary>A varint.</summary>
    public static readonly WireSerializer<ushort> UInt16 = new UnsignedSerializer<ushort>(
        v => v, v => (ushort)v, ushort.MaxValue);

    /// <summary>A varint.</summary>
    public static readonly WireSerializer<uint> UInt32 = new UnsignedSerializer<uint>(v => v, v => (uint)v, uint.MaxValue);

    /// <summary>A varint.</summary>
    public static readonly WireSerializer<ulong> UInt64 = new UnsignedSerializer<ulong>(v => v, v => v, ulong.MaxValue);

    /// <summary>A varint.</summary>
    public static readonly WireSerializer<char> Char = new UnsignedSerializer<char>(v => v, v => (char)v, char.MaxValue);

    /// <summary>A signed varint.</summary>
    public static readonly WireSerializer<sbyte> SByte = new SignedSerializer<sbyte>(
        v => v, v => (sbyte)v, sbyte.MinValue, sbyte.MaxValue);

    /// <summary>A signed varint.</summary>
    public static readonly WireSerializer<short> Int16 = new SignedSerializer<short>(
        v => v, v => (short)v, short.MinValue, short.MaxValue);

    /// <summary>A signed varint.</summary>
    public static readonly WireSerializer<int> Int32 = new SignedSerializer<int>(v => v, v => (int)v, int.MinValue, int.MaxValue);

    /// <summary>A signed varint.</summary>
    public static readonly WireSerializer<long> Int64 = new SignedSerializer<long>(v => v, v => v, long.MinValue, long.MaxValue);

    /// <summary>Ticks, a signed varint.</summary>
    public static readonly WireSerializer<TimeSpan> TimeSpan =
        new SignedSerializer<TimeSpan>(v => v.Ticks, v => new TimeSpan(v), long.MinValue, long.MaxValue);

    /// <summary>Days, a varint.</summary>
    public static readonly WireSerializer<DateOnly> DateOnly =
        new UnsignedSerializer<DateOnly>(
            v => (ulong)v.DayNumber, v => System.DateOnly.FromDayNumber((int)v), (ulong)System.DateOnly.MaxValue.DayNumber);

    /// <summary>Ticks, a varint.</summary>
    public static readonly WireSerializer<TimeOnly> TimeOnly =
        new UnsignedSerializer<TimeOnly>(v => (ulong)v.Ticks, v => new TimeOnly((long)v), (ulong)System.TimeOnly.MaxValue.Ticks);

    /// <summary>The bits, four bytes.</summary>
    public static readonly WireSerializer<float> Single = new SingleSerializer();

    /// <summary>The bits, eight bytes.</summary>
    public static readonly WireSerializer<double> Double = new DoubleSerializer();

    /// <summary>The bits, sixteen bytes.</summary>
    public static readonly WireSerializer<decimal> Decimal = new DecimalSerializer();

    /// <summary>Sixteen bytes.</summary>
    public static readonly WireSerializer<Guid> Guid = new GuidSerializer();

    /// <summary>Ticks and kind, eight bytes.</summary>
    public static readonly WireSerializer<DateTime> DateTime = new DateTimeSerializer();

    /// <summary>Ticks and offset in minutes, sixteen bytes.</summary>
    public static readonly WireSerializer<DateTimeOffset> DateTimeOffset = new DateTimeOffsetSerializer();

    /// <summary>UTF-8.</summary>
    public static readonly WireSerializer<string> String = new TextSerializer();

    /// <summary>As it was written, UTF-8.</summary>
    public static readonly WireSerializer<Uri> Uri = new UriSerializer();

    /// <summary>Bytes.</summary>
    public static readonly WireSerializer<ImmutableArray<byte>> ImmutableBytes = new ImmutableBytesSerializer();

    /// <summary>Bytes.</summary>
    public static readonly WireSerializer<byte[]> ByteArray = new ByteArraySerializer();

    private sealed class SingleSerializer : WireSerializer<float>
    {
        public override void Write(ref WireWriter writer, uint field, float value)
        {
            writer.WriteTag(field, WireType.Fixed32);
            writer.WriteFixed32(BitConverter.SingleToUInt32Bits(value));
        }

        public override float Read(ref WireReader reader, WireType type) =>
            BitConverter.UInt32BitsToSingle(reader.ReadFixed32(type));
    }

    private sealed class DoubleSerializer : WireSerializer<double>
    {
        public override void Write(ref WireWriter writer, uint field, double value)
        {
            writer.WriteTag(field, WireType.Fixed64);
            writer.WriteFixed64(BitConverter.DoubleToUInt64Bits(value));
        }

        public override double Read(ref WireReader reader, WireType type) =>
            BitConverter.UInt64BitsToDouble(reader.ReadFixed64(type));
    }

    private sealed class DecimalSerializer : WireSerializer<decimal>
    {
        public override void Write(ref WireWriter writer, uint field, decimal value)
        {
            Span<int> bits = stackalloc int[4];
            decimal.GetBits(value, bits);
            writer.WriteTag(field, WireType.Fixed128);
            writer.WriteFixed128((uint)bits[0] | ((ulong)(uint)bits[1] << 32), (uint)bits[2] | ((ulong)(uint)bits[3] << 32));
        }

        public override decimal Read(ref WireReader reader, WireType type)
        {
            var (first, second) = reader.ReadFixed128(type);
            ReadOnlySpan<int> bits = [(int)first, (int)(first >> 32), (int)second, (int)(second >> 32)];
            try
            {
                return new decimal(bits);
            }
            catch (ArgumentException exception)
            {
                throw new WireFormatException("Sixteen bytes are no decimal.", exception);
            }
        }
    }

    private sealed class GuidSerializer : WireSerializer<Guid>
    {
        public override void Write(ref WireWriter writer, uint field, Guid value)
        {
            var halves = MemoryMarshal.Cast<Guid, ulong>(MemoryMarshal.CreateReadOnlySpan(ref value, 1));
            writer.WriteTag(field, WireType.Fixed128);
            writer.WriteFixed128(halves[0], halves[1]);
        }

        public override Guid Read(ref WireReader reader, WireType type)
        {
            var (first, second) = reader.ReadFixed128(type);
            ReadOnlySpan<ulong> halves = [first, second];
            return new Guid(MemoryMarshal.AsBytes(halves));
        }
    }

    private sealed class DateTimeSerializer : WireSerializer<DateTime>
    {
        private const int KindShift = 62;

        public override void Write(ref WireWriter writer, uint field, DateTime value)
        {
            writer.WriteTag(field, WireType.Fixed64);
            writer.WriteFixed64((ulong)value.Ticks | ((ulong)value.Kind << KindShift));
        }

        public override DateTime Read(ref WireReader reader, WireType type)
        {
            var bits = reader.ReadFixed64(type);
            var ticks = (long)(bits & ((1UL << KindShift) - 1));
            var kind = bits >> KindShift;
            if (ticks > System.DateTime.MaxValue.Ticks || kind > (ulong)DateTimeKind.Local)
                throw reader.Malformed("no such date");
            return new DateTime(ticks, (DateTimeKind)kind);
        }
    }

    private sealed class DateTimeOffsetSerializer : WireSerializer<DateTimeOffset>
    {
        public override void Write(ref WireWriter writer, uint field, DateTimeOffset value)
        {
            writer.WriteTag(field, WireType.Fixed128);
            writer.WriteFixed128((ulong)value.Ticks, (ulong)value.TotalOffsetMinutes);
        }

        public override DateTimeOffset Read(ref WireReader reader, WireType type)
        {
            var (ticks, minutes) = reader.ReadFixed128(type);
            if (ticks > (ulong)System.DateTime.MaxValue.Ticks || Math.Abs((decimal)(long)minutes) > 14 * 60)
                throw reader.Malformed("no such date");
            try
            {
                return new DateTimeOffset((long)ticks, System.TimeSpan.FromMinutes((long)minutes));
            }
            catch (ArgumentException exception)
            {
                throw new WireFormatException("Sixteen bytes are no date.", exception);
            }
        }
    }

    private sealed class TextSerializer : WireSerializer<string>
    {
        public override void Write(ref WireWriter writer, uint field, string value)
        {
            writer.WriteTag(field, WireType.Bytes);
            writer.WriteText(value);
        }

        public override string Read(ref WireReader reader, WireType type) => reader.ReadText(type);
    }

    private sealed class UriSerializer : WireSerializer<Uri>
    {
        public override void Write(ref WireWriter writer, uint field, Uri value) =>
            String.Write(ref writer, field, value.OriginalString);

        public override Uri Read(ref WireReader reader, WireType type) =>
            System.Uri.TryCreate(reader.ReadText(type), UriKind.RelativeOrAbsolute, out var uri)
                ? uri
                : throw reader.Malformed("no URI");
    }

    private sealed class ImmutableBytesSerializer : WireSerializer<ImmutableArray<byte>>
    {
        public override void Write(ref WireWriter writer, uint field, ImmutableArray<byte> value)
        {
            writer.WriteTag(field, WireType.Bytes);
            writer.WriteBytes(value.AsSpan());
        }

        public override ImmutableArray<byte> Read(ref WireReader reader, WireType type) => [.. reader.ReadBytes(type)];
    }

    private sealed class ByteArraySerializer : WireSerializer<byte[]>
    {
        public override void Write(ref WireWriter writer, uint field, byte[] value)
        {
            writer.WriteTag(field, WireType.Bytes);
            writer.WriteBytes(value);
        }

        public override byte[] Read(ref WireReader reader, WireType type) => reader.ReadBytes(type).ToArray();
    }
}
