using System.Runtime.ExceptionServices;

namespace Mall.Runtime;

/// <summary>
/// Writes and reads exceptions: type name, message, stack trace, inner exception. A type is constructed only when it is one of
/// the framework's that are listed here or one that the process's manifests name; any other becomes a
/// <see cref="RemoteGrainException"/>.
/// </summary>
internal static class ExceptionCodec
{
    private const uint TypeField = 1;
    private const uint MessageField = 2;
    private const uint StackField = 3;
    private const uint InnerField = 4;
    private const int MaxInner = 8;

    public static void Write(ref WireWriter writer, uint field, Exception exception) =>
        Write(ref writer, field, exception, MaxInner);

    public static Exception Read(ref WireReader reader, WireType type, ExceptionTypes types)
    {
        var name = "";
        var message = "";
        var stack = "";
        Exception? inner = null;
        reader.EnterGroup(type);
        while (reader.TryReadField(out var field, out var wireType))
        {
            switch (field)
            {
                case TypeField: name = reader.ReadText(wireType); break;
                case MessageField: message = reader.ReadText(wireType); break;
                case StackField: stack = reader.ReadText(wireType); break;
                case InnerField: inner = Read(ref reader, wireType, types); break;
                default: reader.Skip(wireType); break;
            }
        }

        reader.LeaveGroup();
        var exception = types.Create(name, message, inner);
        return stack.Length == 0 ? exception : ExceptionDispatchInfo.SetRemoteStackTrace(exception, stack);
    }

    private static void Write(ref WireWriter writer, uint field, Exception exception, int innerLeft)
    {
        writer.WriteTag(field, WireType.Group);
        var name = exception is RemoteGrainException remote ? remote.OriginalType : exception.GetType().FullName!;
        WireSerializers.String.Write(ref writer, TypeField, name);
        WireSerializers.String.Write(ref writer, MessageField, Sendable(exception.Message));
        if (exception.StackTrace is { } stack) WireSerializers.String.Write(ref writer, StackField, Sendable(stack));
        if (exception.InnerException is { } inner && innerLeft > 0) Write(ref writer, InnerField, inner, innerLeft - 1);
        writer.WriteEndGroup();
    }

    /// <summary>A message may quote anything; an error must not be lost because its text is not well-formed.</summary>
    private static string Sendable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) i++;
            else if (char.IsSurrogate(text[i])) return string.Concat(text.Select(c => char.IsSurrogate(c) ? '\uFFFD' : c));
        }

        return text;
    }
}
