using System.Buffers;

namespace Mall.Runtime;

/// <summary>Tells a caller that this silo does not own the grain.</summary>
internal sealed class NotOwnerFrame(long call, long viewVersion) : IOutboundFrame
{
    public bool IsAnswer => true;

    public void WriteTo(IBufferWriter<byte> output) => FrameCodec.WriteNotOwner(output, call, viewVersion);

    /// <summary>The caller times out.</summary>
    public void Undeliverable(Exception reason) { }
}

/// <summary>Tells a callee that its caller has given up.</summary>
internal sealed class CancelFrame(long call) : IOutboundFrame
{
    public bool IsAnswer => false;

    public void WriteTo(IBufferWriter<byte> output) => FrameCodec.WriteCancel(output, call);

    /// <summary>The callee goes on in vain.</summary>
    public void Undeliverable(Exception reason) { }
}
