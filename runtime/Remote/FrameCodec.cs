using System.Buffers;

namespace Mall.Runtime;

/// <summary>Writes and reads the frames between silos.</summary>
internal static class FrameCodec
{
    public static void WriteRequest(IBufferWriter<byte> output, OutgoingCall call, long timeoutMs)
    {
        var request = call.Request;
        var writer = Begin(output, FrameKind.Request);
        WriteNumber(ref writer, RequestField.Call, call.Number);
        WriteNumber(ref writer, RequestField.ViewVersion, call.ViewVersion);
        writer.WriteTag(RequestField.Method, WireType.Fixed64);
        writer.WriteFixed64(request.Method.Id);
        WriteGrainId(ref writer, request.Target.GrainId, RequestField.GrainType, RequestField.TextKey, RequestField.NumberKey);
        WriteNumber(ref writer, RequestField.TimeoutMs, timeoutMs);
        if (request.SourceId is { } source)
            WriteGrainId(ref writer, source, RequestField.SourceType, RequestField.SourceTextKey, RequestField.SourceNumberKey);
        if (request.Extras?.Context is { } context) ContextCodec.Write(ref writer, RequestField.Context, context);
        if (request.Extras?.TraceParent is { } trace) WireSerializers.String.Write(ref writer, RequestField.TraceParent, trace);
        if (request.IsOneWay) WriteNumber(ref writer, RequestField.OneWay, 1);
        if (request.IsOneWay && request.Extras is { Refusals: > 0 } extras)
            WriteNumber(ref writer, RequestField.Hops, extras.Refusals);
        if (call.IsDetour) WriteNumber(ref writer, RequestField.Detour, 1);
        writer.WriteTag(RequestField.Arguments, WireType.Group);
        request.WriteArguments(ref writer);
        writer.WriteEndGroup();
        End(ref writer);
    }

    /// <summary>Reads up to the arguments, before which the reader stands afterwards.</summary>
    public static RequestHeader ReadRequestHeader(ref WireReader reader)
    {
        var header = new RequestHeader { ViewVersion = 0 };
        while (reader.TryReadField(out var field, out var type))
        {
            switch (field)
            {
                case RequestField.Call: header.Call = reader.ReadSigned(type); break;
                case RequestField.ViewVersion: header.ViewVersion = reader.ReadSigned(type); break;
                case RequestField.Method: header.Method = reader.ReadFixed64(type); break;
                case RequestField.GrainType: header.Target.ReadType(ref reader, type); break;
                case RequestField.TextKey: header.Target.Text = reader.ReadText(type); break;
                case RequestField.NumberKey: header.Target.Number = reader.ReadFixed128(type); break;
                case RequestField.TimeoutMs: header.TimeoutMs = reader.ReadSigned(type); break;
                case RequestField.SourceType: header.Source.ReadType(ref reader, type); break;
                case RequestField.SourceTextKey: header.Source.Text = reader.ReadText(type); break;
                case RequestField.SourceNumberKey: header.Source.Number = reader.ReadFixed128(type); break;
                case RequestField.Context: header.Context = ContextCodec.Read(ref reader, type); break;
                case RequestField.TraceParent: header.TraceParent = reader.ReadText(type); break;
                case RequestField.OneWay: header.IsOneWay = reader.ReadSigned(type) != 0; break;
                case RequestField.Hops: header.Hops = reader.ReadSigned(type); break;
                case RequestField.Detour: header.IsDetour = reader.ReadSigned(type) != 0; break;
                case RequestField.Arguments:
                    reader.EnterGroup(type);
                    return header;
                default: reader.Skip(type); break;
            }
        }

        throw reader.Malformed("a request without arguments");
    }

    public static void WriteResult(IBufferWriter<byte> output, long call, GrainRequest request)
    {
        var writer = Begin(output, FrameKind.Reply);
        WriteNumber(ref writer, ReplyField.Call, call);
        writer.WriteTag(ReplyField.Result, WireType.Group);
        request.WriteResult(ref writer);
        writer.WriteEndGroup();
        End(ref writer);
    }

    public static void WriteFault(IBufferWriter<byte> output, long call, Exception fault)
    {
        var writer = Begin(output, FrameKind.Reply);
        WriteNumber(ref writer, ReplyField.Call, call);
        ExceptionCodec.Write(ref writer, ReplyField.Fault, fault);
        End(ref writer);
    }

    public static void WriteNotOwner(IBufferWriter<byte> output, long call, long viewVersion)
    {
        var writer = Begin(output, FrameKind.Reply);
        WriteNumber(ref writer, ReplyField.Call, call);
        WriteNumber(ref writer, ReplyField.NotOwner, viewVersion);
        End(ref writer);
    }

    public static void WriteRelease(IBufferWriter<byte> output, long call, long viewVersion, in GrainId grainId)
    {
        var writer = Begin(output, FrameKind.Release);
        WriteNumber(ref writer, RequestField.Call, call);
        WriteNumber(ref writer, RequestField.ViewVersion, viewVersion);
        WriteGrainId(ref writer, grainId, RequestField.GrainType, RequestField.TextKey, RequestField.NumberKey);
        End(ref writer);
    }

    public static RequestHeader ReadRelease(ref WireReader reader)
    {
        var header = default(RequestHeader);
        while (reader.TryReadField(out var field, out var type))
        {
            switch (field)
            {
                case RequestField.Call: header.Call = reader.ReadSigned(type); break;
                case RequestField.ViewVersion: header.ViewVersion = reader.ReadSigned(type); break;
                case RequestField.GrainType: header.Target.ReadType(ref reader, type); break;
                case RequestField.TextKey: header.Target.Text = reader.ReadText(type); break;
                case RequestField.NumberKey: header.Target.Number = reader.ReadFixed128(type); break;
                default: reader.Skip(type); break;
            }
        }

        return header;
    }

    public static void WriteReleased(IBufferWriter<byte> output, long call) => WriteCallAlone(output, FrameKind.Released, call);

    public static void WriteCancel(IBufferWriter<byte> output, long call) => WriteCallAlone(output, FrameKind.Cancel, call);

    /// <summary>The number of the call that a reply or a cancellation is about: its first field.</summary>
    public static long ReadCall(ref WireReader reader)
    {
        if (reader.TryReadField(out var field, out var type) && field == ReplyField.Call) return reader.ReadSigned(type);
        throw reader.Malformed("a frame without its call's number");
    }

    private static WireWriter Begin(IBufferWriter<byte> output, FrameKind kind)
    {
        output.GetSpan(1)[0] = (byte)kind;
        output.Advance(1);
        return new WireWriter(output);
    }

    private static void WriteCallAlone(IBufferWriter<byte> output, FrameKind kind, long call)
    {
        var writer = Begin(output, kind);
        WriteNumber(ref writer, ReplyField.Call, call);
        End(ref writer);
    }

    private static void End(ref WireWriter writer)
    {
        writer.WriteEndGroup();
        writer.Flush();
    }

    private static void WriteNumber(ref WireWriter writer, uint field, long value)
    {
        writer.WriteTag(field, WireType.Varint);
        writer.WriteSigned(value);
    }

    private static void WriteGrainId(ref WireWriter writer, in GrainId grainId, uint typeField, uint textField, uint numberField)
    {
        WireSerializers.String.Write(ref writer, typeField, grainId.Type.Name);
        if (grainId.HasStringKey)
        {
            WireSerializers.String.Write(ref writer, textField, grainId.StringKey);
        }
        else
        {
            writer.WriteTag(numberField, WireType.Fixed128);
            writer.WriteFixed128(grainId.High, grainId.Low);
        }
    }
}
