using System.Buffers;
using System.Reflection;
using System.Text;

namespace Mall.Runtime.Tests.Serialization;

/// <summary>
/// Checks every message of an assembly: what is written is read back the same, and bytes that are cut off or corrupt end in a
/// <see cref="WireFormatException"/> and nothing else. Point it at an assembly of contracts.
/// </summary>
public static class MessageRoundTrip
{
    /// <summary>The serializers that the assembly's manifest names, by type.</summary>
    public static IReadOnlyDictionary<Type, WireSerializer> SerializersOf(Assembly assembly)
    {
        var builder = new TypeManifestBuilder();
        if (assembly.GetCustomAttribute<TypeManifestAttribute>() is { } attribute)
            ((TypeManifest)Activator.CreateInstance(attribute.ManifestType)!).Describe(builder);
        return builder.SerializersByType;
    }

    /// <summary>Checks all messages of the assembly with samples of this seed; the number of message types.</summary>
    public static int CheckAll(Assembly assembly, int seed, int samplesPerType = 20)
    {
        var serializers = SerializersOf(assembly);
        var samples = new SampleValues(seed, serializers);
        foreach (var serializer in serializers.Values.OrderBy(s => s.TypeName, StringComparer.Ordinal))
        {
            for (var i = 0; i < samplesPerType; i++) CheckOne(serializer, samples.Of(serializer.Type), seed + i);
        }

        return serializers.Count;
    }

    /// <summary>The bytes of a message.</summary>
    public static byte[] Write(WireSerializer serializer, object message)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new WireWriter(output);
        serializer.WriteBoxed(ref writer, 1, message);
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The message of bytes.</summary>
    public static object? Read(WireSerializer serializer, ReadOnlySpan<byte> bytes)
    {
        var reader = new WireReader(bytes);
        if (!reader.TryReadField(out _, out var type)) throw new WireFormatException("Empty.");
        return serializer.ReadBoxed(ref reader, type);
    }

    /// <summary>Everything that a message holds, as text, so that collections compare by their elements.</summary>
    public static string Describe(object? value)
    {
        var text = new StringBuilder();
        Describe(value, text);
        return text.ToString();
    }

    private static void CheckOne(WireSerializer serializer, object message, int seed)
    {
        var bytes = Write(serializer, message);
        Assert.Equal(Describe(message), Describe(Read(serializer, bytes)));
        for (var length = 0; length < bytes.Length; length += Math.Max(1, bytes.Length / 50))
            CheckHostile(serializer, bytes.AsSpan(0, length));
        var random = new Random(seed);
        for (var i = 0; i < 50; i++)
        {
            var corrupt = (byte[])bytes.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                corrupt[random.Next(corrupt.Length)] ^= (byte)(1 << random.Next(8));
            CheckHostile(serializer, corrupt);
        }
    }

    /// <summary>Anything may come of such bytes but another exception, or more memory than a multiple of their number.</summary>
    private static void CheckHostile(WireSerializer serializer, ReadOnlySpan<byte> bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Read(serializer, bytes);
        }
        catch (WireFormatException)
        {
            // What it should be.
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 100_000 + (bytes.Length * 500L),
            $"{bytes.Length} bytes made {serializer.TypeName} allocate {allocated}.");
    }

    private static void Describe(object? value, StringBuilder text)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case string s:
                text.Append('"').Append(s).Append('"');
                break;
            case double d:
                text.Append(BitConverter.DoubleToInt64Bits(d));
                break;
            case float f:
                text.Append(BitConverter.SingleToInt32Bits(f));
                break;
            case DateTime t:
                text.Append(t.Ticks).Append(t.Kind);
                break;
            case System.Collections.IEnumerable items:
                var elements = items.Cast<object?>().Select(Describe).ToList();
                if (items.GetType().Name.Contains("Dictionary", StringComparison.Ordinal) || items.GetType()
                    .Name.Contains("HashSet", StringComparison.Ordinal))
                    elements.Sort(StringComparer.Ordinal);
                text.Append('[').AppendJoin(',', elements).Append(']');
                break;
            case IFormattable or Uri or bool:
                text.Append(value);
                break;
            default:
                text.Append(value.GetType().Name).Append('{');
                foreach (var member in StoredMembers(value.GetType()))
                    Describe(member.GetValue(value), text.Append(member.Name).Append('='));
                foreach (var field in value.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public)) // Those of a tuple.
                    Describe(field.GetValue(value), text.Append(field.Name).Append('='));
                text.Append('}');
                break;
        }
    }

    private static IEnumerable<PropertyInfo> StoredMembers(Type type)
    {
        var parameters = type.GetConstructors().SelectMany(c => c.GetParameters()).Select(p => p.Name).ToHashSet();
        return type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(p => p.IsDefined(typeof(IdAttribute)) || parameters.Contains(p.Name))
            .OrderBy(p => p.Name, StringComparer.Ordinal);
    }
}
