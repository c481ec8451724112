using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// Writes and reads <see cref="RequestContext"/>: a group of entries, each a group of key and value, the value's field telling
/// its type. Few types travel, so that no sender chooses what a reader constructs.
/// </summary>
internal static class ContextCodec
{
    private const uint Entry = 1;
    private const uint Key = 1;
    private const uint Text = 2;
    private const uint Integer = 3;
    private const uint Long = 4;
    private const uint Truth = 5;
    private const uint Identifier = 6;

    public static void Write(ref WireWriter writer, uint field, ImmutableDictionary<string, object> context)
    {
        writer.WriteTag(field, WireType.Group);
        foreach (var (key, value) in context)
        {
            writer.WriteTag(Entry, WireType.Group);
            WireSerializers.String.Write(ref writer, Key, key);
            WriteValue(ref writer, key, value);
            writer.WriteEndGroup();
        }

        writer.WriteEndGroup();
    }

    public static ImmutableDictionary<string, object> Read(ref WireReader reader, WireType type)
    {
        var context = ImmutableDictionary.CreateBuilder<string, object>();
        reader.EnterGroup(type);
        while (reader.TryReadField(out var field, out var inner))
        {
            if (field == Entry) ReadEntry(ref reader, inner, context);
            else reader.Skip(inner);
        }

        reader.LeaveGroup();
        return context.ToImmutable();
    }

    private static void WriteValue(ref WireWriter writer, string key, object value)
    {
        switch (value)
        {
            case string text: WireSerializers.String.Write(ref writer, Text, text); break;
            case int number: WireSerializers.Int32.Write(ref writer, Integer, number); break;
            case long number: WireSerializers.Int64.Write(ref writer, Long, number); break;
            case bool truth: WireSerializers.Boolean.Write(ref writer, Truth, truth); break;
            case Guid guid: WireSerializers.Guid.Write(ref writer, Identifier, guid); break;
            default: throw new WireFormatException(
                $"RequestContext '{key}' is a {value.GetType()}, which does not travel to another silo.");
        }
    }

    private static void ReadEntry(ref WireReader reader, WireType type, ImmutableDictionary<string, object>.Builder context)
    {
        string? key = null;
        object? value = null;
        reader.EnterGroup(type);
        while (reader.TryReadField(out var field, out var inner))
        {
            switch (field)
            {
                case Key: key = reader.ReadText(inner); break;
                case Text: value = reader.ReadText(inner); break;
                case Integer: value = WireSerializers.Int32.Read(ref reader, inner); break;
                case Long: value = WireSerializers.Int64.Read(ref reader, inner); break;
                case Truth: value = WireSerializers.Boolean.Read(ref reader, inner); break;
                case Identifier: value = WireSerializers.Guid.Read(ref reader, inner); break;
                default: reader.Skip(inner); break;
            }
        }

        reader.LeaveGroup();
        if (key is not null && value is not null) context[key] = value;
    }
}
