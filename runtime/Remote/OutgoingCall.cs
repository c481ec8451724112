using System.Buffers;

namespace Mall.Runtime;

/// <summary>A request on its way to another silo, until its reply is there.</summary>
internal sealed class OutgoingCall(
    RemoteCalls remote, GrainRequest request, long number, SiloAddress destination, long viewVersion)
    : IOutboundFrame
{
    public GrainRequest Request => request;

    /// <summary>Tells the calls of this process apart.</summary>
    public long Number => number;

    public SiloAddress Destination => destination;

    /// <summary>The view by which the destination was chosen.</summary>
    public long ViewVersion => viewVersion;

    public void WriteTo(IBufferWriter<byte> output) => FrameCodec.WriteRequest(output, this, remote.TimeLeft(request));

    public void Undeliverable(Exception reason)
    {
        if (remote.Forget(this)) request.Answer(reason);
    }

    /// <summary>The caller has given up: the other silo need not go on.</summary>
    public void Cancel()
    {
        if (remote.Forget(this)) remote.SendCancel(this);
    }
}
